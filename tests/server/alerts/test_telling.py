"""What alerts tell outside: mail without names, signed webhooks that are tried again, quiet hours, and a stop in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.conftest import free_port
from tests.loops import in_a_loop
from tests.server.alerts.hook import Receiver, receiving
from tests.server.alerts.scene import HOUR_MS, MINUTE_MS, Scene, in_loop, part, utc
from tests.server.company import Clock, Owner, Site, code_of
from tests.server.ingest.support import token
from tests.server.mail.server import Mailbox, mail_box

from reteamz.server.alerts.hooks import Hooks, Unreached
from reteamz.server.alerts.post import EACH
from reteamz.server.app import create_app
from reteamz.server.config import load

MORNING = utc("2025-10-09 07:00")
CANARY = "Kanarienvogel"


@contextmanager
def running(folder: Path, clock: Clock, **environment: str) -> Iterator[Site]:
    """Run the application with settings; it has not looked at anything by itself when the test begins to."""
    with TestClient(create_app(load(folder, environment=environment), clock)) as client:
        yield Site(client, clock)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_box() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def settings(box: Mailbox | None = None) -> dict[str, str]:
    found = {"RETEAMZ_ORIGIN": "http://time.example", "RETEAMZ_HOOKS": "127.0.0.1"}
    return found | ({"RETEAMZ_SMTP": f"smtp://{box.host}:{box.port}?tls=none"} if box else {})


def send(site: Site) -> None:
    """Do what the server does every few seconds."""
    in_loop(site, part(site, "post").write())
    in_loop(site, part(site, "outbox").push())
    in_loop(site, part(site, "post").call())


def test_mail_tells_tokens_and_a_subject_without_them(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), **settings(box)) as site:
        owner = Owner("acme").sign_up(site)
        scene = Scene(site, owner)
        scene.tell(CANARY, MORNING, 2 * HOUR_MS, app=CANARY)
        scene.rule("name", name=scene.id("app", CANARY), amount=60, mail=[owner.member])
        scene.rule("rating", rating=3, amount=60, mail=[owner.member])
        alerts = scene.turn()
        send(site)
        send(site)
        assert [one["state"] for alert in scene.turn() for one in alert["deliveries"]] == ["sent", "sent"]
    (mail,) = box.mails
    assert (mail["To"], mail["Subject"]) == (owner.email, "2 new alerts")
    assert CANARY.encode() not in box.raw[0]
    for text in (box.text(), box.text(kind="html")):
        assert CANARY not in text
        for expected in (
            token("app", CANARY), token("person", CANARY), token("label", "rule name"), "2 h 00 min",
            "more than 1 h 00 min", "Thu 9 Oct 2025", *(f"http://time.example/alerts#alert-{one['id']}" for one in alerts),
        ):  # fmt: skip
            assert expected in text
    assert "rtz1." not in mail["Subject"]


def test_a_plain_account_s_mail_is_escaped(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), **settings(box)) as site:
        owner = Owner("plain", mode="plain").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("ann", MORNING, 2 * HOUR_MS, title="<img src=x>")
        scene.rule("name", name=scene.id("title", "<img src=x>"), amount=60, mail=[owner.member])
        scene.turn()
        send(site)
    assert "<img src=x>" in box.text()
    assert "&lt;img src=x&gt;" in box.text(kind="html")
    assert "<img" not in box.text(kind="html")


def test_a_webhook_fails_and_is_taken_later(tmp_path: Path, receiver: Receiver) -> None:
    clock = Clock()
    with running(tmp_path / "data", clock, **settings()) as site:
        owner = Owner("acme").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("ann", MORNING, 2 * HOUR_MS, app="mail")
        made = scene.make("name", name=scene.id("app", "mail"), amount=60, hook=receiver.url)
        receiver.secret, receiver.status = made["secret"], 500
        assert len(receiver.secret) == 43
        (alert,) = scene.turn()
        send(site)
        assert len(receiver.calls) == 1
        (told,) = scene.turn()[0]["deliveries"]
        assert (told["state"], told["tries"], told["reason"]) == ("waiting", 1, "It answers 500.")
        assert told["due"] == clock.ms + MINUTE_MS
        assert site.told("/api/alert-rules")[0]["failing"] == "It answers 500."
        send(site)
        assert len(receiver.calls) == 1, "not before it is due"
        clock.ms += MINUTE_MS
        receiver.status = 204
        send(site)
        send(site)
        assert len(receiver.calls) == 2, "taken once"
        assert scene.turn()[0]["deliveries"][0]["state"] == "sent"
        assert site.told("/api/alert-rules")[0]["failing"] == ""
    assert receiver.calls[1][0]["Host"] == receiver.url.split("/")[2]
    told = receiver.verified()
    assert receiver.calls[1][0]["Reteamz-Timestamp"] == str(clock.ms)
    assert told == {
        "v": 1, "id": alert["id"], "account": owner.account,
        "rule": {"id": made["id"], "entry": token("label", "rule name")}, "kind": "name",
        "person": {"id": alert["person"], "entry": token("person", "ann")},
        "name": {"id": alert["name"], "entry": token("app", "mail")}, "device": None, "day": "2025-10-09",
        "value": 2 * HOUR_MS, "threshold": HOUR_MS, "unit": "ms", "side": "above", "at": alert["at"],
        "link": f"http://time.example/alerts#alert-{alert['id']}",
    }  # fmt: skip


def test_a_webhook_is_given_up_after_a_day_and_sent_again_by_hand(tmp_path: Path, receiver: Receiver) -> None:
    clock = Clock()
    with running(tmp_path / "data", clock, **settings()) as site:
        owner = Owner("acme").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("ann", MORNING, 2 * HOUR_MS, app="mail")
        name = scene.id("app", "mail")
        receiver.status = 404
        receiver.secret = scene.make("name", name=name, amount=60, hook=receiver.url)["secret"]
        scene.turn()
        begin = clock.ms
        while (told := site.told("/api/alerts")["rows"][0]["deliveries"][0])["state"] == "waiting":
            clock.ms = told["due"]
            send(site)
        assert (told["state"], told["reason"], clock.ms - begin) == ("failed", "It answers 404.", 24 * HOUR_MS)
        calls = len(receiver.calls)
        assert calls == 13, "after 1, 2, 4 … 256 minutes, then every six hours"
        receiver.status = 200
        again = f"/api/alerts/deliveries/{told['id']}/again"
        assert site.call("POST", again).status_code == 204
        send(site)
        assert len(receiver.calls) == calls + 1
        receiver.verified()
        assert code_of(site.call("POST", again)) == (404, "not_found")
        assert "webhook_sent_again" in {one["action"] for one in site.told("/api/audit")["entries"]}


@pytest.mark.parametrize(
    ("url", "inside", "word"),
    [
        ("http://127.0.0.1:1/", "", "not public"),
        ("http://10.1.2.3/", "127.0.0.1", "not public"),
        ("http://169.254.169.254/latest/meta-data", "10.0.0.0/8", "not public"),
        ("http://[::1]:1/", "", "not public"),
        ("http://[::ffff:127.0.0.1]:1/", "", "not public"),
        ("http://[64:ff9b::a00:1]/", "", "not public"),
        ("http://[2002:a00:1::]/", "", "not public"),
        ("http://localhost:1/", "", "not public"),
        ("http://0.0.0.0:1/", "", "not public"),
        ("http://224.0.0.1/", "", "not public"),
        ("http://168.63.129.16/machine", "", "not public"),
        ("http://192.0.0.192/opc", "", "not public"),
        ("http://[fec0::1]/", "", "not public"),
        ("http://[::7f00:1]/", "", "not public"),
        ("http://[::ffff:0:7f00:1]/", "", "not public"),
        ("http://[64:ff9b:1::1]/", "", "not public"),
        ("http://[fd00:ec2::254]/", "", "not public"),
        ("http://0x7f.1/", "", "not public"),
        ("http://a..b/", "", "no address"),
        (f"http://{'a' * 64}.example/", "", "no address"),
        ("http://xn--a.example/", "", "does not answer"),
        ("http://127.0.0.1:{free}/", "127.0.0.1", "does not answer"),
        ("https://127.0.0.1:{free}/", "127.0.0.0/8", "does not answer"),
    ],
)
@in_a_loop
async def test_where_webhooks_may_not_go(url: str, inside: str, word: str) -> None:
    hooks = Hooks([inside] if inside else [])
    with pytest.raises(Unreached) as refused:
        await hooks.call(url.replace("{free}", str(free_port())), "secret", b"{}", 0)
    assert word in refused.value.reason


def test_an_address_that_breaks_the_resolver_keeps_no_other_rule_waiting(tmp_path: Path, receiver: Receiver) -> None:
    with running(tmp_path / "data", Clock(), **settings()) as site:
        scene = Scene(site, Owner("acme").sign_up(site))
        scene.tell("ann", MORNING, 2 * HOUR_MS, app="mail")
        name = scene.id("app", "mail")
        broken = scene.make("name", name=name, amount=60, hook="http://xn--a.example/")["id"]
        scene.rule("name", name=name, amount=60, hook=receiver.url)
        scene.turn()
        send(site)
        told = {row["rule"]: row["deliveries"][0] for row in scene.turn()}
    assert len(receiver.calls) == 1
    assert (told.pop(broken)["tries"], [one["state"] for one in told.values()]) == (1, ["sent"])


def test_one_rule_takes_a_few_calls_a_turn(tmp_path: Path, receiver: Receiver) -> None:
    with running(tmp_path / "data", Clock(), **settings()) as site:
        scene = Scene(site, Owner("acme").sign_up(site))
        scene.rule("first_use", field="app", hook=receiver.url)
        for number in range(EACH + 2):
            scene.tell("ann", MORNING + number * MINUTE_MS, MINUTE_MS, app=f"program {number}")
        assert len(scene.turn()) == EACH + 2
        send(site)
        assert len(receiver.calls) == EACH
        send(site)
        assert len(receiver.calls) == EACH + 2
        receiver.status = 500
        scene.tell("ann", MORNING, MINUTE_MS, app="new")
        for number in range(EACH + 2):
            scene.tell("ann", MORNING + number * MINUTE_MS, MINUTE_MS, app=f"further {number}")
        scene.turn()
        calls = len(receiver.calls)
        for _ in range(3):
            send(site)
        assert len(receiver.calls) == calls + 1, "those that were not called wait with the one that failed"


@in_a_loop
async def test_redirects_are_not_followed() -> None:
    with receiving() as inner, receiving() as outer:
        outer.status, outer.where = 307, inner.url
        with pytest.raises(Unreached) as refused:
            await Hooks(["127.0.0.1"]).call(outer.url, "secret", b"{}", 0)
        assert "redirect (307)" in refused.value.reason
        assert (len(outer.calls), len(inner.calls)) == (1, 0)


@pytest.mark.parametrize(
    "url",
    ["ftp://chat.example/", "https://", "chat.example", "https://u:p@chat.example/", "https://chat.example/#x", "https://chat.example:0/",
     "file:///etc/passwd", "https://chat..example/", f"https://{'a' * 64}.example/", "https://chät.example/", "javascript:alert(1)", "https://[::1"],
)  # fmt: skip
def test_what_is_no_webhook(site: Site, owner: Owner, url: str) -> None:
    answer = site.call("POST", "/api/alert-rules", Scene(site, owner).body("fork", hook=url))
    assert code_of(answer) == (400, "input_invalid")


def test_quiet_hours_hold_mail_and_webhooks_back(tmp_path: Path, box: Mailbox, receiver: Receiver) -> None:
    clock = Clock(utc("2025-10-09 20:30"))  # 22:30 in Berlin
    with running(tmp_path / "data", clock, **settings(box)) as site:
        owner = Owner("acme").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("ann", utc("2025-10-09 18:00"), HOUR_MS, app="mail")
        quiet = {"begin": 22 * 60, "end": 7 * 60}
        name = scene.id("app", "mail")
        rule = {"name": name, "amount": 30, "quiet": quiet, "mail": [owner.member], "hook": receiver.url}
        receiver.secret = scene.make("name", **rule)["secret"]
        assert len(scene.turn()) == 1, "the feed tells at once"
        scene.tell("bob", utc("2025-10-09 18:00"), HOUR_MS, app="mail", on="other")
        assert len(scene.turn()) == 2
        ends = utc("2025-10-10 05:00")  # seven o'clock in Berlin
        for at in (clock.ms, ends - 1):
            clock.ms = at
            send(site)
        assert (box.mails, receiver.calls) == ([], [])
        clock.ms = ends
        send(site)
        assert [mail["Subject"] for mail in box.mails] == ["2 new alerts"]
        assert [receiver.verified(place)["day"] for place in (0, 1)] == ["2025-10-09"] * 2


def test_a_stop_between_finding_and_sending_loses_nothing(tmp_path: Path, box: Mailbox, receiver: Receiver) -> None:
    clock = Clock()
    owner = Owner("acme")
    with running(tmp_path / "data", clock, **settings(box)) as site:
        owner.sign_up(site)
        scene = Scene(site, owner)
        computer = scene.computer()
        scene.tell("ann", MORNING, MINUTE_MS, app="mail")
        name = scene.id("app", "mail")
        scene.turn()
        made = scene.make("name", name=name, amount=60, mail=[owner.member], hook=receiver.url)
        receiver.secret = made["secret"]
        scene.tell("ann", MORNING + MINUTE_MS, 2 * HOUR_MS, app="mail")
        # What arrived is on disk; nobody has looked at it yet, and what was noted in memory goes with the process.
        part(site, "watch")._arrivals.take()
    clock.ms += HOUR_MS
    with running(tmp_path / "data", clock, **settings(box)) as site:
        owner.log_in(site)
        scene = Scene(site, owner, {"laptop": computer})
        assert [row["kind"] for row in scene.turn()] == ["name"]
    with running(tmp_path / "data", clock, **settings(box)) as site:
        owner.log_in(site)
        scene = Scene(site, owner, {"laptop": computer})
        assert len(scene.turn()) == 1, "found once"
        send(site)
        send(site)
        assert len(scene.turn()) == 1
    assert [mail["Subject"] for mail in box.mails] == ["1 new alert"]
    assert [receiver.verified(place)["rule"]["id"] for place in range(len(receiver.calls))] == [made["id"]]


def test_a_secret_is_told_once(site: Site, owner: Owner) -> None:
    scene = Scene(site, owner)
    made = scene.make("fork", hook="https://chat.example/1")
    where = f"/api/alert-rules/{made['id']}"
    body = scene.body("fork", hook="https://chat.example/2")
    assert site.call("PUT", where, body).json() == {"id": made["id"], "secret": ""}
    assert made["secret"] not in site.client.get("/api/alert-rules").text
    renewed = site.call("PUT", where, body | {"new_secret": True}).json()["secret"]
    assert len(renewed) == 43
    assert renewed != made["secret"]
    assert site.call("PUT", where, body | {"hook": ""}).json()["secret"] == ""
    assert len(site.call("PUT", where, body).json()["secret"]) == 43, "the old one went with the address"
