"""Mail that waits, is sent, or was given up. A mail is queued in the transaction of what it tells, so neither is lost without the other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final, Literal

import aiosmtplib
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.mail.smtp import MailServer, Undelivered, connected, deliver
from reteamz.server.mail.tables import OutgoingMail
from reteamz.server.retries import next_try
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now

AT_ONCE: Final = 100
"""Most mails over one connection."""
KEPT_MS: Final = 30 * 24 * 3_600_000
"""How long the state of a settled mail is kept."""


async def queue(
    session: AsyncSession, account: str, to: str, subject: str, text: str, html: str, now: int
) -> OutgoingMail:
    """Put a mail into the running transaction; it is sent soon after, and tried again for a day.

    Args:
        account: identifier.
        to: one address.
        subject: without names and without tokens: subjects are shown everywhere.
        text, html: the same told twice; may hold tokens.
        now: milliseconds.
    """
    mail = OutgoingMail(
        account=account, recipient=to, subject=subject, text=text, html=html, queued=now, due=now,
        tries=0, state="waiting", reason="", settled=0,
    )  # fmt: skip
    session.add(mail)
    await session.flush()
    return mail


async def drop_waiting(session: AsyncSession, account: str, before: int, now: int) -> None:
    """Give up what was queued before a moment and still waits: it may quote names that are erased; times in milliseconds."""
    await session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.account == account, OutgoingMail.state == "waiting", OutgoingMail.queued <= before)
        .values(state="failed", reason="Its names were erased.", text="", html="", settled=now)
    )


class Outbox:
    """Hands mail over to the mail server.

    Args:
        control: where mail is kept.
        server: the mail server, None when the operator named none: nothing is sent then.
        now: the server's clock, in milliseconds.
    """

    def __init__(self, control: ControlStore, server: MailServer | None, now: Now) -> None:
        self._control = control
        self._server = server
        self._now = now
        self._pushing = asyncio.Lock()

    @property
    def configured(self) -> bool:
        """Whether there is a mail server."""
        return self._server is not None

    async def push(self) -> int:
        """Send what is due, and return how many mails were sent. Calls follow one another: nothing is handed over twice."""
        async with self._pushing:
            return await self._push()

    async def _push(self) -> int:
        now = self._now()
        async with self._control.session() as session:
            due = list(
                await session.scalars(
                    select(OutgoingMail)
                    .where(OutgoingMail.state == "waiting", OutgoingMail.due <= now)
                    .order_by(OutgoingMail.due, OutgoingMail.id)
                    .limit(AT_ONCE)
                )
            )
        if not due:
            return 0
        sent, at = 0, 0
        try:
            if self._server is None:
                raise Undelivered("This server has no mail server; its operator must set RETEAMZ_SMTP.")
            async with connected(self._server) as client:
                for mail in due:
                    sent += await self._send(client, self._server, mail)
                    at += 1
                    if not client.is_connected:
                        break
        except Undelivered as failure:
            for mail in due[at:]:
                await self._failed(mail, failure)
        async with self._control.session() as session:
            old = (OutgoingMail.state != "waiting", OutgoingMail.settled < now - KEPT_MS)
            await session.execute(delete(OutgoingMail).where(*old))
        return sent

    async def _send(self, client: aiosmtplib.SMTP, server: MailServer, mail: OutgoingMail) -> bool:
        try:
            await deliver(client, _message(mail, server.sender), mail.recipient)
        except Undelivered as failure:
            await self._failed(mail, failure)
            return False
        await self._settle(mail, "sent", "")
        return True

    async def _failed(self, mail: OutgoingMail, failure: Undelivered) -> None:
        now = self._now()
        again = None if failure.final else next_try(mail.tries + 1, mail.queued, now)
        if again is None:
            await self._settle(mail, "failed", failure.reason)
            return
        async with self._control.session() as session:
            row = await session.get_one(OutgoingMail, mail.id)
            row.tries, row.due, row.reason = row.tries + 1, again, failure.reason

    async def _settle(self, mail: OutgoingMail, state: Literal["sent", "failed"], reason: str) -> None:
        async with self._control.session() as session:
            row = await session.get_one(OutgoingMail, mail.id)
            row.state, row.reason, row.settled, row.tries = state, reason, self._now(), row.tries + 1
            row.text = row.html = ""


def _message(mail: OutgoingMail, sender: str) -> EmailMessage:
    """Return a mail as it travels. Raises ``Undelivered``."""
    try:
        return message(mail, sender)
    except Exception as error:
        # The library fails in many ways on an address that is none: that mail is given up, those behind it are sent.
        raise Undelivered("A mail cannot be addressed like this.", final=True) from error


def message(mail: OutgoingMail, sender: str) -> EmailMessage:
    """Return a mail as it travels. Sent twice, it has the same Message-ID."""
    made = EmailMessage(policy=SMTP)
    made["From"] = f"Reteamz <{sender}>"
    made["To"] = mail.recipient
    made["Subject"] = mail.subject
    made["Date"] = datetime.fromtimestamp(mail.queued / 1000, UTC)
    made["Message-ID"] = f"<{mail.id}.{mail.queued}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    return made
