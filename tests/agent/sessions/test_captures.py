"""Sealed content from a session helper to the owner: only what the service wants, under the service's own names and clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.agent.conftest import account, now
from tests.agent.sealed import opened
from tests.agent.sessions.asking import Asking, asking
from tests.waiting import wait_for

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.records.capture import Source
from reteamz.agent.records.wanted import Sink, Wanted
from reteamz.agent.sessions.hub import Hub
from reteamz.agent.sessions.link import Closed, connect
from reteamz.agent.sessions.messages import Captured, Hello, Seen
from reteamz.agent.sessions.talk import Talk
from reteamz.owner.client import Owner

__all__ = ["account"]

HERE = Window("Writer", "Offer for Ridgeway")


class Once:
    """A source that has one picture with a small copy and one text, as soon as they may be taken."""

    def __init__(self, sink: Sink, windows: tuple[Window, ...] = (HERE,)) -> None:
        self._sink = sink
        self._windows = windows
        self.of: str | None = None

    def tick(self, now: int, wanted: Wanted) -> None:
        if self.of is not None or not wanted.has("screenshot"):
            return
        caption = {"monitor": 0, "width": 4, "height": 3, "app": "forged", "person": "Bea Holt"}
        self.of = self._sink.captured("screenshot", "image/webp", 1, caption, b"picture", self._windows)
        if self.of is not None:
            small = {"monitor": 0, "thumbnail": True, "of": self.of}
            self._sink.captured("screenshot", "image/webp", 1, small, b"small", ())
            self._sink.written("text", now, HERE, "Dear Mr. Ridgeway")

    def close(self) -> None:
        """Nothing to let go."""


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("captures")


@pytest.fixture
def desk(owner: Owner, tmp_path: Path) -> Iterator[Asking]:
    with asking(owner, tmp_path / "agent") as made:
        yield made


@pytest.fixture
def hub(desk: Asking, tmp_path: Path) -> Iterator[tuple[Hub, Path]]:
    path = tmp_path / "run" / "agent.sock"
    with closing(Hub(path, desk.work, now, time.monotonic)) as made:
        yield made, path


def talk(path: Path, source: Callable[[Sink], Source]) -> Talk:
    link = connect(path)
    assert link is not None
    made = Talk(link, {"screenshot": source}, now)
    made.link.send(Hello(1, "X11"))
    made.link.send(Seen(Look(HERE, 0, False), 60))
    return made


def test_what_a_helper_takes_reaches_the_owner_under_the_services_names(
    desk: Asking, hub: tuple[Hub, Path], owner: Owner
) -> None:
    desk.decide(True)
    begin = now()
    helper = talk(hub[1], Once)
    try:

        def kept() -> bool:
            helper.link.send(Seen(Look(HERE, 0, False), 60))
            hub[0].tell()
            return desk.device.records.waiting() == 3

        wait_for(kept, what="picture, small copy and text")
    finally:
        helper.close()
    desk.work.uploader.once()
    desk.work.uploader.once()
    records = opened(owner, desk.device.trust.state.device)
    (text,) = (record for record in records if record.kind == "text")
    (small,) = (record for record in records if record.caption.get("thumbnail"))
    (picture,) = (record for record in records if record not in (text, small))
    assert picture.person == small.person == text.person == "Otti Marsh"
    assert picture.caption == {"app": "Writer", "title": "Offer for Ridgeway", "monitor": 0, "width": 4, "height": 3}
    assert small.caption["of"] == picture.sha256
    assert b"Dear Mr. Ridgeway" in text.data
    # The helper said 1970; the service knows that it cannot be so old.
    assert begin - 600_000 <= picture.at <= now()


def test_without_consent_nothing_is_wanted_and_nothing_is_kept(desk: Asking, hub: tuple[Hub, Path]) -> None:
    helper = talk(hub[1], Once)
    try:
        wait_for(lambda: desk.people.recording(desk.uid) == "recording", what="the look")
        hub[0].tell()
        wait_for(lambda: helper.told is not None, what="the service's word")
        assert helper.told is not None
        assert helper.told.wanted == Wanted()
        assert len(helper.told.asked) == 3
        # One that takes a picture all the same.
        assert helper.captured("screenshot", "image/webp", now(), {}, b"picture", [HERE]) is None
        assert not helper.written("text", now(), HERE, "typed")
        assert desk.device.records.waiting() == 0
    finally:
        helper.close()


def test_a_large_message_is_read_only_from_whom_it_was_asked(desk: Asking, hub: tuple[Hub, Path]) -> None:
    link = connect(hub[1])
    assert link is not None
    link.send(Hello(1, "X11"))
    with suppress(Closed):
        link.send(Captured(0, "screenshot", "image/webp", now(), {}, b"x" * 1_000_000, []))

    def ended() -> bool:
        try:
            link.receive(1 << 20)
        except Closed:
            return True
        return False

    wait_for(ended, what="the end of the connection")
    link.close()


def test_of_two_desktops_of_one_user_the_one_that_was_touched_last_counts(desk: Asking, hub: tuple[Hub, Path]) -> None:
    one, two = talk(hub[1], Once), talk(hub[1], Once)
    recent = desk.people.recorder(desk.uid).session.recent
    try:

        def look(title: str, idle: int, which: Talk, locked: bool = False) -> None:
            which.link.send(Seen(Look(Window("Writer", title), idle, locked), 0))

        def counts(title: str) -> bool:
            return bool(recent) and recent[-1].title == title

        def first() -> bool:
            look("Two", 60_000, two)
            look("One", 0, one)
            return counts("One")

        def second() -> bool:
            look("One", 0, one, locked=True)
            look("Two", 60_000, two)
            return counts("Two")

        wait_for(first, what="the desktop that was touched last")
        for _ in range(10):
            first()
        assert "Two" not in [sample.title for sample in list(recent)[1:]]
        wait_for(second, what="the other one, when that is locked")
    finally:
        one.close()
        two.close()
    wait_for(lambda: desk.people.recording(desk.uid) == "paused", what="nobody there")
