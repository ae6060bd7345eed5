"""Mail over a real connection: taken, refused for now, refused for good, and the server away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import text
from sqlalchemy import select
from tests.conftest import free_port
from tests.loops import in_a_loop
from tests.server.company import Clock
from tests.server.mail.server import Mailbox, certificate, mail_box, with_password

from reteamz.server.accounts.tables import Account
from reteamz.server.config import load
from reteamz.server.mail import Outbox, mail_server, queue
from reteamz.server.mail.outbox import message
from reteamz.server.mail.tables import OutgoingMail
from reteamz.server.store.control import ControlStore
from reteamz.server.store.opening import prepare_control
from reteamz.wire.accounts import Email
from reteamz.wire.errors import ReteamzError

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
LONG = "rtz1.title.1." + "A" * 5_000


class Sending:
    """An outbox over a control database of its own."""

    def __init__(self, control: ControlStore, url: str) -> None:
        self.control = control
        self.clock = Clock()
        self.outbox = Outbox(control, mail_server(url, "reteamz@time.example") if url else None, self.clock)

    async def queue(self, to: str = "ann@company.example", text: str = "Hello") -> int:
        async with self.control.session() as session:
            mail = await queue(session, "acme", to, "1 new alert", text, f"<p>{text}</p>", self.clock.ms)
        return mail.id

    async def row(self) -> OutgoingMail:
        async with self.control.session() as session:
            return (await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc()))).first()  # type: ignore[return-value]  # there is one


@asynccontextmanager
async def sending(folder: Path, url: str) -> AsyncIterator[Sending]:
    control = ControlStore(f"sqlite:///{folder / 'control.sqlite'}")
    prepare_control(control.url)
    async with control.session() as session:
        session.add(Account(id="acme", company="label:Acme", timezone="UTC", mode="plain", epoch=0, created=0))
    try:
        yield Sending(control, url)
    finally:
        await control.close()


def url_of(box: Mailbox, options: str = "tls=none", user: str = "") -> str:
    return f"smtp://{user}{box.host}:{box.port}?{options}"


@in_a_loop
async def test_a_mail_arrives_whole_and_is_forgotten_here(tmp_path: Path) -> None:
    with mail_box() as box:
        async with sending(tmp_path, url_of(box)) as it:
            await it.queue(text=f"Zeit in {LONG} — 1 h")
            assert await it.outbox.push() == 1
            assert await it.outbox.push() == 0, "once"
            row = await it.row()
            assert (row.state, row.text, row.html, row.settled) == ("sent", "", "", it.clock.ms)
    (mail,) = box.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Reteamz <reteamz@time.example>", "ann@company.example", "1 new alert",
    )  # fmt: skip
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@time.example>")
    assert box.text().strip() == f"Zeit in {LONG} — 1 h"
    assert box.text(kind="html").strip() == f"<p>Zeit in {LONG} — 1 h</p>"


@pytest.mark.parametrize("answer", ["450 later", "451 later"])
@in_a_loop
async def test_what_is_refused_for_now_is_tried_again_later_each_time(tmp_path: Path, answer: str) -> None:
    with mail_box() as box:
        async with sending(tmp_path, url_of(box)) as it:
            box.refuse_recipient, box.refuse_data = (answer, "") if answer.startswith("450") else ("", answer)
            await it.queue()
            waits = []
            while (row := await it.row()).state == "waiting":
                waits.append(row.due - it.clock.ms)
                it.clock.ms = row.due - 1
                assert await it.outbox.push() == 0
                assert (await it.row()).tries == row.tries, "not before it is due"
                it.clock.ms = row.due
                await it.outbox.push()
            assert waits[:5] == [0, MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS, 8 * MINUTE_MS]
            assert max(waits) == 6 * 60 * MINUTE_MS
            assert sum(waits) == DAY_MS, "given up after a day"
            assert row.state == "failed"
            assert answer[:3] in row.reason
            assert box.mails == []
            box.refuse_recipient = box.refuse_data = ""
            assert await it.outbox.push() == 0, "given up is given up"


@pytest.mark.parametrize("where", ["refuse_recipient", "refuse_data"])
@in_a_loop
async def test_what_is_refused_for_good_is_not_tried_again(tmp_path: Path, where: str) -> None:
    with mail_box() as box:
        async with sending(tmp_path, url_of(box)) as it:
            setattr(box, where, "550 no")
            await it.queue()
            await it.outbox.push()
            row = await it.row()
            assert (row.state, row.tries) == ("failed", 1)
            assert "550" in row.reason
            setattr(box, where, "")
            await it.queue("bob@company.example")
            assert await it.outbox.push() == 1, "others are not held up by it"


@in_a_loop
async def test_a_server_that_is_away_gets_the_mail_when_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    async with sending(tmp_path, f"smtp://127.0.0.1:{port}?tls=none") as it:
        await it.queue()
        await it.queue("bob@company.example")
        assert await it.outbox.push() == 0
        row = await it.row()
        assert (row.state, row.tries, row.reason) == ("waiting", 1, "The mail server does not answer.")
        it.clock.ms += MINUTE_MS
        with mail_box(port) as box:
            assert await it.outbox.push() == 2
    assert [mail["To"] for mail in box.mails] == ["ann@company.example", "bob@company.example"]


@in_a_loop
async def test_with_starttls_and_a_password(tmp_path: Path) -> None:
    file, context = certificate(tmp_path)
    with mail_box(**with_password(), tls_context=context, require_starttls=True) as box:
        user = "reteamz:p%40ss%2Fword@"
        async with sending(tmp_path, url_of(box, f"tls=starttls&ca={file}", user)) as it:
            await it.queue()
            assert await it.outbox.push() == 1
            await refused(it, url_of(box, "tls=starttls", user), "certificate")
            await refused(it, url_of(box, f"tls=starttls&ca={file}", "reteamz:wrong@"), "password")
    assert len(box.mails) == 3


@in_a_loop
async def test_with_tls_from_the_start(tmp_path: Path) -> None:
    file, context = certificate(tmp_path)
    with mail_box(ssl_context=context) as box:
        async with sending(tmp_path, url_of(box, f"tls=direct&ca={file}")) as it:
            await it.queue()
            assert await it.outbox.push() == 1
            await refused(it, url_of(box, "tls=direct"), "certificate")
    assert len(box.mails) == 2


async def refused(it: Sending, broken: str, word: str) -> None:
    """Try a broken address, which must not get the mail, then the right one."""
    await it.queue()
    assert await Outbox(it.control, mail_server(broken, "reteamz@time.example"), it.clock).push() == 0
    row = await it.row()
    assert (row.state, word in row.reason) == ("waiting", True), row.reason
    it.clock.ms += MINUTE_MS
    assert await it.outbox.push() == 1


@in_a_loop
async def test_no_connection_without_tls_where_it_was_asked_for(tmp_path: Path) -> None:
    with mail_box() as box:
        async with sending(tmp_path, url_of(box, "tls=starttls")) as it:
            await it.queue()
            assert await it.outbox.push() == 0
            assert "does not offer" in (await it.row()).reason
    assert box.mails == []


@in_a_loop
async def test_without_a_mail_server_nothing_is_sent_and_it_is_said(tmp_path: Path) -> None:
    async with sending(tmp_path, "") as it:
        assert not it.outbox.configured
        await it.queue()
        assert await it.outbox.push() == 0
        assert "RETEAMZ_SMTP" in (await it.row()).reason


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example", "smtp://", "smtp://mail.example?tls=maybe", "smtp://mail.example?x=1",
        "smtp://mail.example:port", "smtp://u:p@mail.example?tls=none", "smtp://mail.example/folder", "mail.example",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_told_at_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ReteamzError) as refused:
        load(tmp_path, environment={"RETEAMZ_SMTP": url})
    assert refused.value.code == "input_invalid"
    assert "RETEAMZ_SMTP" in refused.value.message


def test_the_sender_is_an_address(tmp_path: Path) -> None:
    where = {"RETEAMZ_SMTP": "smtp://u:p%3A@mail.example", "RETEAMZ_ORIGIN": "https://time.example"}
    server = load(tmp_path, environment=where).mail
    assert server is not None
    assert (server.port, server.tls, server.password, server.sender) == (587, "starttls", "p:", "reteamz@time.example")
    with pytest.raises(ReteamzError):
        load(tmp_path, environment=where | {"RETEAMZ_MAIL_FROM": "Reteamz"})
    assert load(tmp_path, environment={}).mail is None


@pytest.mark.parametrize("wrong", ["a@[b", "=?utf-8?q?a=0ABcc:x?=@company.example"])
@in_a_loop
async def test_an_address_that_is_none_keeps_no_other_mail_waiting(tmp_path: Path, wrong: str) -> None:
    with mail_box() as box:
        async with sending(tmp_path, url_of(box)) as it:
            await it.queue(to=wrong)
            await it.queue()
            assert await it.outbox.push() == 1
            async with it.control.session() as session:
                rows = list(await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))
            assert [row.state for row in rows] == ["failed", "sent"]
            assert "addressed" in rows[0].reason
            assert await it.outbox.push() == 0
    assert [mail["To"] for mail in box.mails] == ["ann@company.example"]


@in_a_loop
async def test_a_mail_goes_to_one_recipient_whatever_its_address_reads_like(tmp_path: Path) -> None:
    with mail_box() as box:
        async with sending(tmp_path, url_of(box)) as it:
            await it.queue(to="=?utf-8?q?x=40other.example,?=ann@company.example")
            await it.outbox.push()
    assert "x@other.example" not in box.recipients
    assert len(box.recipients) == 1


ODD = ["a,b@c.example", "<x@y", "x>@y", "a;b@c", "a:b@c", "(x)@b", "a@[b", "a@b,c", "a@b\n", "a\x00@b", '"a"@b', "a\\@b", "a@b c",
       "=?utf-8?q?x=40other.example,?=y@b", "a@=?utf-8?q?b?=", "a", "a@", "@b"]  # fmt: skip


@pytest.mark.parametrize("address", ODD)
def test_nobody_signs_up_with_an_address_that_reads_as_something_else(address: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(address, Email)


@given(text())
def test_every_address_that_is_taken_can_be_written_to(local: str) -> None:
    for address in (f"{local}@company.example", f"ann@{local}"):
        try:
            msgspec.convert(address, Email)
        except msgspec.ValidationError:
            continue
        made = OutgoingMail(id=1, recipient=address, subject="s", queued=0, text="t", html="h")
        assert str(message(made, "reteamz@time.example")["To"].addresses[0].addr_spec) == address


def test_usual_addresses_are_taken() -> None:
    for address in ("ann@company.example", "ann+work=time@mail.company.example", "jürgen.o'neil@bücher.example"):
        assert msgspec.convert(address, Email) == address
