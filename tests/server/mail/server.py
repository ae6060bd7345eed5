"""A real mail server on the loopback, whose answers tests choose."""

from __future__ import annotations

import datetime
import email.message
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.conftest import free_port
from tests.waiting import wait_for

USER, PASSWORD = "reteamz", "p@ss/word"


@dataclass
class Mailbox:
    """What arrived, and what the next commands are answered; "" takes them."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse_recipient: str = ""
    refuse_data: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.refuse_data:
            return self.refuse_data
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def text(self, place: int = -1, kind: str = "plain") -> str:
        """Return the readable part of a mail."""
        part = self.mails[place].get_body((kind,))
        assert part is not None
        return str(part.get_content())


class _Connection(SMTP):
    """One connection; knows whether it is open, also through the change to TLS."""

    open: set[_Connection]

    def connection_made(self, transport: Any) -> None:
        self.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.open.discard(self)
        super().connection_lost(error)


class _Controller(Controller):
    """aiosmtpd's controller, which leaves connections open when it stops."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.open: set[_Connection] = set()

    def factory(self) -> SMTP:
        made = _Connection(self.handler, **self.SMTP_kwargs)
        made.open = self.open
        return made


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def mail_box(port: int = 0, **options: Any) -> Iterator[Mailbox]:
    """Run a mail server until the end; ``options`` are those of aiosmtpd."""
    box = Mailbox()
    # Port 0 is the system's choice, which the controller cannot knock at.
    box.port = port or free_port()
    controller = _Controller(box, hostname=box.host, port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        wait_for(lambda: not controller.open, what="connections to be closed")
        controller.stop()


def with_password() -> dict[str, Any]:
    """Return options of a server that asks for user and password."""
    return {"authenticator": _authenticate, "auth_required": True}


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a file with a certificate of 127.0.0.1, and what a server needs to show it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return file, context
