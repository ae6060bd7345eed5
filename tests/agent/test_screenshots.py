"""Pictures of a real X screen: what the owner opens is what was shown, as the policy wanted it, and nothing that it did not want."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image
from tests.agent.conftest import noticed, now
from tests.agent.picture import PictureWindow, differs, picture
from tests.agent.sealed import Opened
from tests.agent.test_records import Desk
from tests.windows import x_server

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.desktop.x11 import X11Desktop
from reteamz.agent.policy import Policy
from reteamz.agent.recorder import Recorder
from reteamz.agent.records.capture import Capture
from reteamz.agent.records.sources import x11_sources
from reteamz.owner.client import Owner
from reteamz.wire.policy import SCREENSHOT

SHOWN = (1280, 800)


@pytest.fixture
def screen() -> Iterator[str]:
    """An X server of its own, so that nothing else is on it."""
    with x_server() as address:
        yield address


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("screenshots")


class Shooting:
    """A confirmed computer, its sources, and a clock that the test moves."""

    def __init__(self, owner: Owner, folder: Path, screen: str, policy: Policy) -> None:
        self.desk = Desk(owner, folder, policy)
        self.desk.upload()
        self.at = now()
        self.policy = policy
        self.private_until = 0
        self.desktop = X11Desktop(screen)
        session = self.desk.device.session(1000, "Otti Marsh")
        self.recorder = Recorder(self.desk.device, session, lambda: self.at, lambda: self.private_until)
        gate = self.recorder.gate
        self.capture = Capture(x11_sources(screen, lambda: self.at), gate, gate.wanted, lambda: self.at)

    def look(self, look: Look | None = None) -> None:
        """Look at the desktop, then let the sources do what is due; the clock goes on by one interval."""
        self.at += self.policy.screenshot.every_s * 1000
        seen = look or msgspec.structs.replace(self.desktop.look(), idle=0)
        self.recorder.take(seen)
        self.capture.tick()
        # The random moment of an interval lies in it, so its last millisecond is not before it.
        self.at += self.policy.screenshot.every_s * 1000 - self.at % (self.policy.screenshot.every_s * 1000) - 1
        self.recorder.take(seen)
        self.capture.tick()

    def pictures(self) -> list[Opened]:
        self.desk.upload()
        return [record for record in self.desk.opened() if "thumbnail" not in record.caption]

    def thumbnails(self) -> list[Opened]:
        return [record for record in self.desk.opened() if record.caption.get("thumbnail")]

    def close(self) -> None:
        self.capture.end()
        self.capture.run()
        self.desktop.close()
        self.desk.close()


@pytest.fixture
def shooting(owner: Owner, tmp_path: Path, screen: str) -> Iterator[Callable[[Policy], Shooting]]:
    made: list[Shooting] = []

    def start(policy: Policy) -> Shooting:
        made.append(Shooting(owner, tmp_path / str(len(made)), screen, policy))
        return made[-1]

    yield start
    for each in made:
        each.close()


def how(**settings: object) -> Policy:
    return Policy(records=frozenset(("screenshot",)), screenshot=replace(SCREENSHOT, every_s=60, **settings))


def read(record: Opened) -> Image.Image:
    return Image.open(BytesIO(record.data))


def test_the_owner_sees_what_was_on_the_screen(screen: str, shooting: Callable[[Policy], Shooting]) -> None:
    window = PictureWindow(screen, 0, 0, *SHOWN)
    window.focus()
    shots = shooting(how())
    shots.look()
    shots.look()
    (taken,) = shots.pictures()
    shown = read(taken)
    assert (shown.format, shown.size) == ("WEBP", SHOWN)
    assert differs(shown, picture(*SHOWN)) < 3
    assert taken.person == "Otti Marsh"
    assert taken.caption == {
        "app": "Viewer", "title": "Picture", "monitor": 0, "width": 1280, "height": 800,
    }  # fmt: skip
    (small,) = shots.thumbnails()
    assert (small.at, small.caption["of"], read(small).size) == (taken.at, taken.sha256, (320, 200))
    assert differs(read(small), picture(320, 200)) < 6
    window.show(1)
    shots.look()
    assert differs(read(shots.pictures()[-1]), picture(*SHOWN, turn=1)) < 3
    assert len(shots.pictures()) == 2
    window.close()


def test_blur_and_greyscale_are_done_on_the_device(screen: str, shooting: Callable[[Policy], Shooting]) -> None:
    window = PictureWindow(screen, 0, 0, *SHOWN)
    window.focus()
    shots = shooting(how(blur=20, grey=True))
    shots.look()
    taken = [read(record).convert("RGB") for record in (*shots.pictures(), *shots.thumbnails())]
    assert len(taken) == 2
    for shown in taken:
        assert max(max(pixel) - min(pixel) for pixel in shown.get_flattened_data()) <= 3, "no colours"
        # What was an edge of 200 steps is a slope.
        edge = [shown.getpixel((x, shown.height // 4))[0] for x in range(shown.width)]  # type: ignore[index]  # three bytes
        assert max(abs(one - other) for one, other in pairwise(edge)) < 30
    window.close()


def test_every_monitor_has_a_picture_of_its_own(screen: str, shooting: Callable[[Policy], Shooting]) -> None:
    for number, output in ((0, "screen"), (1, "none")):
        half = f"640/160x800/200+{640 * number}+0"
        subprocess.run(["xrandr", "--display", screen, "--setmonitor", f"half-{number}", half, output], check=True)
    left, right = PictureWindow(screen, 0, 0, 640, 800), PictureWindow(screen, 640, 0, 640, 800, "Right")
    right.show(3)
    right.focus()
    shots = shooting(how())
    shots.look()
    taken = shots.pictures()
    assert [record.caption["monitor"] for record in taken] == [0, 1]
    assert differs(read(taken[0]), picture(640, 800)) < 3
    assert differs(read(taken[1]), picture(640, 800, turn=3)) < 3
    right.show(4)
    shots.look()
    assert [record.caption["monitor"] for record in shots.pictures()] == [0, 1, 1], "only what changed"
    active = shooting(how(monitors="active"))
    active.look()
    (only,) = active.pictures()
    assert only.caption["monitor"] == 1
    for window in (left, right):
        window.close()


class Cautious(Policy, frozen=True):
    """A policy that hides a window, as an exclusion does."""

    def apply(self, sample):  # type: ignore[no-untyped-def]  # as its parent
        told = super().apply(sample)
        return msgspec.structs.replace(told, app="", title="") if "Secret" in sample.title else told


def test_nothing_is_taken_when_nothing_may_be(screen: str, shooting: Callable[[Policy], Shooting]) -> None:
    policy = Cautious(records=how().records, screenshot=replace(SCREENSHOT, every_s=60))
    shots = shooting(policy)
    window = PictureWindow(screen, 0, 0, 300, 300, "Open")
    window.focus()
    here = Window("Viewer", "Open")
    shots.look(Look(here, 10 * 60_000, False))
    shots.look(Look(here, 0, True))
    shots.look(Look(Window("Viewer", "Secret offer"), 0, False))
    shots.look(Look(Window("Firefox", "Offer — Mozilla Firefox Private Browsing"), 0, False))
    shots.desk.device.session(1000).feeds.heard(
        "web.tab.current", shots.at + 60_000, {"incognito": True, "url": "https://a.b"}
    )
    shots.look(Look(Window("Firefox", "Offer"), 0, False))
    shots.private_until = shots.at + 240_000
    shots.look(Look(here, 0, False))
    shots.private_until = 0
    # An excluded window that may be seen behind the one with the focus.
    behind = PictureWindow(screen, 400, 400, 100, 100, "Secret behind")
    shots.look(Look(here, 0, False))
    assert shots.pictures() == []
    assert shots.desk.device.records.waiting() == 0
    behind.close()
    shots.look(Look(here, 0, False))
    assert len(shots.pictures()) == 1
    window.close()


def test_without_the_policy_or_consent_nothing_is_even_loaded(
    screen: str, shooting: Callable[[Policy], Shooting]
) -> None:
    shots = shooting(Policy())
    shots.look()
    assert shots.capture._open == {}
    agreed = shooting(how())
    agreed.desk.agreed = False
    agreed.look()
    assert agreed.capture._open == {}
    agreed.desk.agreed = True
    agreed.look()
    assert set(agreed.capture._open) == {"screenshot"}
    agreed.desk.agreed = False
    agreed.look()
    assert agreed.capture._open == {}, "it is let go"


# python-xlib leaves the socket of a display that is not there to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_screen_that_cannot_be_read_is_told_once(owner: Owner, tmp_path: Path, screen: str) -> None:
    shots = Shooting(owner, tmp_path / "agent", screen, how())
    gate = shots.recorder.gate
    shots.capture = Capture(x11_sources(":4711", lambda: shots.at), gate, gate.wanted, lambda: shots.at)
    for _ in range(30):
        shots.look()
    assert noticed(shots.desk.device) == [("capture_unsupported", "Otti Marsh", 1)]
    assert "cannot be opened" in gate.reasons["screenshot"]
    shots.close()
