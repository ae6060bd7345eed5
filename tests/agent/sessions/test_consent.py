"""Nothing beyond the default before a person accepted exactly that; what they chose is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from tests.agent.conftest import account, noticed, now
from tests.agent.sessions.asking import ASKED, Asking, asking, slower

from reteamz.agent.control import Request
from reteamz.agent.policy import Policy
from reteamz.agent.records.record import Record, Text
from reteamz.agent.samples import Sample
from reteamz.agent.sessions.consent import sentences
from reteamz.agent.sessions.memory import Memory
from reteamz.owner.client import Owner
from reteamz.wire.batch import SealedKind
from reteamz.wire.errors import ReteamzError

__all__ = ["account"]

KINDS: tuple[SealedKind, ...] = get_args(SealedKind)
EVERYTHING = Policy(urls=True, records=frozenset(KINDS))


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("consent")


@pytest.fixture
def desk(owner: Owner, tmp_path: Path) -> Iterator[Asking]:
    with asking(owner, tmp_path / "agent") as made:
        yield made


def kept(desk: Asking, kind: SealedKind) -> bool:
    """Try to record something of a kind, past every source, and tell whether it was kept."""
    if kind in ("text", "clipboard", "chat"):
        return desk.device.record_text("Otti Marsh", kind, Text(now(), "Writer", "Letter", "", "typed"))  # type: ignore[arg-type]  # checked
    record = Record(kind, "audio/flac" if kind == "sound" else "image/webp", now(), "Otti Marsh", {}, b"data")
    return desk.device.record(record) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_waits_for_the_policy_the_consent_and_the_owner(
    owner: Owner, tmp_path: Path, kind: SealedKind
) -> None:
    alone = Policy(records=frozenset((kind,)))
    with asking(owner, tmp_path / "agent", alone, confirmed=False) as desk:
        desk.decide(True)
        assert not kept(desk, kind), "before the owner confirmed this computer"
        owner.confirm(owner.waiting())
        desk.device.sync.poll_once()
        assert kept(desk, kind)
        desk.decide(False)
        assert not kept(desk, kind), "after the person withdrew"
        desk.decide(True)
        desk.ask(Policy())
        assert not kept(desk, kind), "without a policy"
        others = frozenset(KINDS) - {kind}
        desk.ask(msgspec.structs.replace(alone, records=others))
        desk.decide(True)
        desk.ask(msgspec.structs.replace(alone, records=frozenset(KINDS)))
        assert not kept(desk, kind), "only the others were accepted"


def test_nothing_is_asked_where_nothing_goes_beyond_the_default(desk: Asking) -> None:
    desk.ask(Policy())
    assert desk.people.asked(desk.uid) == []
    assert desk.people.status(desk.uid).recorded == ["applications", "window titles", "sites", "documents"]


def test_what_waits_is_not_told_as_recorded(desk: Asking) -> None:
    default = ["applications", "window titles", "sites", "documents"]
    assert desk.people.status(desk.uid).recorded == default
    desk.decide(True)
    assert desk.people.status(desk.uid).recorded == [*default, *sentences(ASKED).values()]


def test_full_addresses_wait_for_consent_and_sites_do_not(desk: Asking) -> None:
    feeds = desk.people.recorder(desk.uid).session.feeds
    feeds.heard("web.tab.current", now(), {"url": "https://looms.example/order?id=1", "title": "Order"})
    desk.see("Order - Chromium", "chromium")
    seen = desk.people.recorder(desk.uid).session.recent[-1]
    assert (seen.site, seen.url) == ("looms.example", "")
    desk.decide(True)
    desk.see("Order - Chromium", "chromium")
    seen = desk.people.recorder(desk.uid).session.recent[-1]
    assert (seen.site, seen.url) == ("looms.example", "https://looms.example/order?id=1")


def test_the_owner_is_told_what_they_chose_once(desk: Asking) -> None:
    for ask in ("accept", "accept", "decline", "decline"):
        shown = list(sentences(ASKED).values())
        desk.work.answer(Request(ask, shown=shown), desk.uid)  # type: ignore[arg-type]  # one of the two
    assert noticed(desk.device) == [("consent_given", "Otti Marsh", 1), ("consent_refused", "Otti Marsh", 1)]


def test_a_change_of_what_is_recorded_asks_again_and_less_does_not(desk: Asking) -> None:
    people, uid = desk.people, desk.uid
    assert len(people.asked(uid)) == 3
    desk.decide(True)
    assert people.asked(uid) == []
    desk.ask(slower())
    assert people.asked(uid) == ["a picture of all monitors every minute"]
    assert people.accepted(uid) == {"url", "text"}
    assert not people.consented("Otti Marsh", "screenshot")
    desk.ask(msgspec.structs.replace(ASKED, records=frozenset(("text",)), version=4))
    assert people.asked(uid) == []
    assert people.consented("Otti Marsh", "text")
    desk.ask(msgspec.structs.replace(ASKED, records=frozenset(("text", "sound"))))
    assert people.asked(uid) == ["20 seconds of sound from the microphone every 15 minutes"]
    desk.decide(False)
    assert people.asked(uid) == []
    assert people.accepted(uid) == frozenset()


def test_what_the_policy_asks_for_since_the_person_looked_is_not_accepted(desk: Asking) -> None:
    shown = desk.people.asked(desk.uid)
    desk.ask(slower())
    desk.people.decide(desk.uid, True, shown)
    assert desk.people.accepted(desk.uid) == {"url", "text"}
    assert desk.people.asked(desk.uid) == ["a picture of all monitors every minute"]
    desk.people.decide(desk.uid, True, desk.people.asked(desk.uid))
    assert desk.people.accepted(desk.uid) == {"url", "text", "screenshot"}
    desk.people.decide(desk.uid, True, ["something that nobody asked for"])
    assert desk.people.accepted(desk.uid) == {"url", "text", "screenshot"}


def test_what_was_chosen_outlives_a_restart_and_is_not_readable_on_disk(owner: Owner, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    with asking(owner, folder) as desk:
        desk.decide(True)
        desk.people.take_private(desk.uid, now() + 60_000)
        found = Memory(folder, desk.device.cipher).of(desk.uid)
        assert (found.accepted, found.version) == (tuple(sentences(ASKED).values()), 3)
        assert found.private_until > now()
        assert found.answered_at <= now()
        data = (folder / "people.sealed").read_bytes()
        assert not any(word in data for word in (b"private", b"accepted", b"monitors"))


def test_another_user_did_not_accept_anything(desk: Asking) -> None:
    desk.decide(True)
    desk.people.recorder(4711, "Bea Holt")
    assert desk.people.asked(4711)
    assert not desk.people.consented("Bea Holt", "text")
    # Two users of one name: what one of them did not accept is recorded of neither.
    desk.people.recorder(4712, "Otti Marsh")
    assert not desk.people.consented("Otti Marsh", "text")


def test_private_time_that_the_policy_has_not_is_refused(desk: Asking) -> None:
    desk.ask(msgspec.structs.replace(ASKED, private=False))
    with pytest.raises(ReteamzError, match="no private time"):
        desk.work.answer(Request("private", now() + 60_000), desk.uid)
    assert not desk.people.status(desk.uid).may_be_private
    for until in (now() + 30 * 3_600_000, now() - 60_000):
        desk.ask(ASKED)
        with pytest.raises(ReteamzError, match="within a day"):
            desk.work.answer(Request("private", until), desk.uid)


class Closed(Policy, frozen=True):
    """A policy that leaves everything out, as outside of working hours."""

    def apply(self, sample: Sample) -> Sample | None:
        return None


def test_time_that_the_policy_leaves_out_is_told_as_paused(desk: Asking) -> None:
    desk.see("Letter")
    assert desk.people.recording(desk.uid) == "recording"
    held = len(desk.people.recorder(desk.uid).session.merger)
    desk.ask(Closed())
    desk.see("After work")
    assert desk.people.recording(desk.uid) == "paused"
    session = desk.people.recorder(desk.uid).session
    assert [sample.title for sample in session.recent] == ["Letter"]
    assert len(session.merger) == held
    desk.ask(ASKED)
    desk.see("Letter")
    assert desk.people.recording(desk.uid) == "recording"


def test_every_kind_has_a_sentence_of_its_own() -> None:
    told = sentences(EVERYTHING)
    assert set(told) == {"url", *KINDS}
    assert len(set(told.values())) == len(told)
