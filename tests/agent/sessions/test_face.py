"""The icon in a real tray and the notice as a real window, on a real X server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from tests.agent.conftest import account
from tests.agent.sessions.asking import Asking, asking
from tests.waiting import wait_for
from tests.windows import x_server, xdotool

from reteamz.agent.desktop.x11_screens import X11Screens
from reteamz.agent.records.wanted import Wanted
from reteamz.agent.sessions.messages import Tell
from reteamz.agent.sessions.tray import _COLOURS, NO_TRAY, Tray
from reteamz.owner.client import Owner

__all__ = ["account"]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with x_server() as address:
        monkeypatch.setenv("DISPLAY", address)
        monkeypatch.setenv("PYSTRAY_BACKEND", "xorg")
        yield address


@contextmanager
def tray_program(display: str) -> Iterator[None]:
    program = shutil.which("trayer")
    assert program is not None, "trayer is missing; run make test"
    process = subprocess.Popen(
        [program, "--edge", "top", "--align", "left", "--widthtype", "pixel", "--width", "64", "--heighttype", "pixel", "--height", "48"],
        env={**os.environ, "DISPLAY": display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def colours(display: str) -> set[tuple[int, ...]]:
    screens = X11Screens(display)
    try:
        (shot,) = screens.shots(False)
        image = Image.frombytes("RGB", (shot.width, shot.height), shot.rgb).crop((0, 0, 200, 100))
        return {colour for _, colour in image.getcolors(20_000) or []}  # type: ignore[misc]  # RGB has tuples
    finally:
        screens.close()


def shown(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def tell(**members: object) -> Tell:
    told = {
        "recording": "recording",
        "private_until": 0,
        "may_be_private": True,
        "asked": [],
        "recorded": [],
        "port": 5600,
    }
    return Tell(wanted=Wanted(), **{**told, **members})  # type: ignore[arg-type]  # as the agent tells it


def test_the_icon_shows_whether_something_is_recorded_and_leads_to_the_page(screen: str) -> None:
    opened: list[int] = []
    tray = Tray(lambda _: None, opened.append)
    try:
        tray.show(tell())
        wait_for(lambda: tray.reason == NO_TRAY, what="nobody shows icons")
        with tray_program(screen):
            wait_for(lambda: shown(_COLOURS["recording"]) in colours(screen), what="the icon")
            wait_for(lambda: tray.reason == "", what="the word that there is an icon")
            tray.show(tell(recording="private", private_until=1))
            wait_for(lambda: shown(_COLOURS["private"]) in colours(screen), what="the private icon")
            tray.show(None)
            wait_for(lambda: shown(_COLOURS["paused"]) in colours(screen), what="the paused icon")
            tray.show(tell())
            wait_for(lambda: shown(_COLOURS["recording"]) in colours(screen), what="the icon again")
            xdotool(screen, "mousemove", "24", "24")
            xdotool(screen, "click", "1")
            wait_for(lambda: opened, what="the page")
            assert opened == [5600]
    finally:
        tray.close()


def test_a_desktop_that_goes_away_takes_the_icon_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSTRAY_BACKEND", "xorg")
    with x_server() as address:
        monkeypatch.setenv("DISPLAY", address)
        tray = Tray(lambda _: None, lambda _: None)
        tray.show(tell())
        wait_for(lambda: tray.reason, what="the tray's word")
    tray.show(tell(recording="paused"))
    tray.close()


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("face")


@pytest.fixture
def desk(owner: Owner, tmp_path: Path) -> Iterator[Asking]:
    with asking(owner, tmp_path / "agent") as made:
        made.see("Letter")
        yield made


ASK = """
import sys, msgspec
from reteamz.agent.control import Status
from reteamz.agent.sessions.window import show_notice
show_notice(msgspec.json.decode(sys.argv[1], type=Status), print)
"""


@pytest.mark.parametrize(("tabs", "chosen"), [(3, "True"), (2, "False"), (1, "")])
def test_the_notice_is_answered_in_its_window(screen: str, desk: Asking, tabs: int, chosen: str) -> None:
    """As the agent does it: a process of its own, which ends with the answer."""
    status = msgspec.json.encode(desk.work.status(desk.uid)).decode()
    process = subprocess.Popen([sys.executable, "-c", ASK, status], stdout=subprocess.PIPE, text=True)
    try:
        search = ["xdotool", "search", "--onlyvisible", "--name", "Reteamz: may this be recorded"]
        wait_for(lambda: subprocess.run(search, capture_output=True).stdout, what="the window")
        xdotool(screen, "windowfocus", "--sync", xdotool(screen, *search[1:]).splitlines()[0])
        for _ in range(tabs):
            xdotool(screen, "key", "Tab")
        xdotool(screen, "key", "space")
        told, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert told.strip() == chosen
