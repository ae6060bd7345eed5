"""One mail server: its address, a connection, and what its answers mean (RFC 5321, RFC 3207, RFC 8314)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from reteamz.wire.errors import ReteamzError

Tls = Literal["starttls", "direct", "none"]
PORTS: Final[dict[Tls, int]] = {"starttls": 587, "direct": 465, "none": 25}
TIMEOUT_S: Final = 20.0
"""Longest wait for a mail server's answer, in seconds."""
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and in whose name.

    Attributes:
        tls: ``starttls`` and ``direct`` accept no connection without a valid certificate; ``none`` encrypts nothing.
        ca: file of certificates that are trusted instead of the system's, "" for the system's.
        sender: the address that mail comes from.
    """

    host: str
    port: int
    tls: Tls
    user: str
    password: str = field(repr=False)
    ca: str
    sender: str


class Undelivered(Exception):
    """The mail server did not take a mail. ``final``: it never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


def mail_server(url: str, sender: str) -> MailServer:
    """Return the mail server of ``smtp://user:password@host:port?tls=starttls|direct|none&ca=FILE``.

    Raises:
        ReteamzError: ``input_invalid``.
    """
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        tls = options.pop("tls", "starttls")
        port = parts.port or PORTS[tls]  # type: ignore[index]  # another word is a KeyError
    except (ValueError, KeyError):
        raise _invalid() from None
    ca = options.pop("ca", "")
    if parts.scheme != "smtp" or not parts.hostname or parts.path not in ("", "/") or options:
        raise _invalid()
    if "@" not in sender or any(character.isspace() for character in sender):
        raise ReteamzError("input_invalid", "RETEAMZ_MAIL_FROM is the address mail comes from: reteamz@time.example.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and tls == "none" and parts.hostname not in _LOOPBACK:
        raise ReteamzError("input_invalid", "RETEAMZ_SMTP has a password and tls=none; use starttls or direct.")
    return MailServer(parts.hostname, port, tls, user, password, ca, sender)  # type: ignore[arg-type]  # looked up above


def _invalid() -> ReteamzError:
    return ReteamzError(
        "input_invalid", "RETEAMZ_SMTP is an address such as smtp://user:password@mail.example:587?tls=starttls."
    )


@asynccontextmanager
async def connected(server: MailServer) -> AsyncIterator[aiosmtplib.SMTP]:
    """Open a connection and log in. Raises ``Undelivered``."""
    client = await _open(server)
    try:
        yield client
    finally:
        transport = client.transport
        try:
            await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        # Whether the other end says good-bye to TLS as well is not waited for.
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


async def _open(server: MailServer) -> aiosmtplib.SMTP:
    try:
        context = None if server.tls == "none" else ssl.create_default_context(cafile=server.ca or None)
    except OSError as error:
        raise Undelivered("The file of certificates that RETEAMZ_SMTP names cannot be read.") from error
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.tls == "direct",
        start_tls=server.tls == "starttls",
        tls_context=context,
        timeout=TIMEOUT_S,
    )
    try:
        await client.connect()
        if server.user:
            await client.login(server.user, server.password)
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise Undelivered(_reason(error)) from error
    return client


def _reason(error: Exception) -> str:
    """Return why there is no connection, for people; what the server said stays out, it may quote an address."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"The mail server refuses the password of RETEAMZ_SMTP ({error.code})."
    # The library says by the general class that STARTTLS is missing.
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        return "The mail server does not offer what RETEAMZ_SMTP asks for."
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "The mail server's certificate is not valid."
    return "The mail server does not answer."


async def deliver(client: aiosmtplib.SMTP, message: EmailMessage, recipient: str) -> None:
    """Hand one mail over to one recipient, whatever its head says. Raises ``Undelivered``."""
    try:
        await client.send_message(message, recipients=[recipient])
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = error.recipients[0].code
        raise Undelivered(f"The mail server refuses the recipient ({code}).", final=code >= 500) from error
    except aiosmtplib.SMTPDataError as error:
        raise Undelivered(f"The mail server refuses the mail ({error.code}).", final=error.code >= 500) from error
    except aiosmtplib.SMTPSenderRefused as error:
        raise Undelivered(f"The mail server refuses the sender, RETEAMZ_MAIL_FROM ({error.code}).") from error
    except aiosmtplib.SMTPNotSupported as error:
        raise Undelivered("The mail server cannot write to such an address.", final=True) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Undelivered("The mail server broke the connection off.") from error
