"""Typed text: what stands in the window in the end, and nothing of what nobody may read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney import DBusAddress, Properties
from jeepney.io.blocking import open_dbus_connection
from tests.agent.conftest import now
from tests.agent.sealed import Opened
from tests.agent.test_records import Desk
from tests.waiting import wait_for
from tests.windows import Windows, x_server, xdotool
from Xlib import display as xdisplay

from reteamz.agent.desktop.base import BACKSPACE, MOVED, Look, Window
from reteamz.agent.desktop.keysyms import Keyboard, character
from reteamz.agent.desktop.passwords import AccessibleFields, Untold, password_fields, why_untold
from reteamz.agent.desktop.x11 import X11Desktop
from reteamz.agent.desktop.x11_keys import X11Keys
from reteamz.agent.recorder import Recorder
from reteamz.agent.records.capture import Capture
from reteamz.agent.records.record import Text
from reteamz.agent.records.sources import x11_sources
from reteamz.agent.records.typing import EVERY_MS, LENGTH, Piece
from reteamz.owner.client import Owner


@given(st.lists(st.sampled_from(["a", "ß", "\n", BACKSPACE, MOVED])))
def test_a_piece_is_what_an_editor_would_show(keys: list[str]) -> None:
    piece, shown, fixed = Piece(0, Window("", "")), [], 0
    for key in keys:
        piece.add(key)
        if key == MOVED:
            fixed = len(shown)
        elif key == BACKSPACE:
            if len(shown) > fixed:
                shown.pop()
        else:
            shown.append(key)
    assert piece.text == "".join(shown)


@pytest.mark.parametrize(
    ("keysym", "written"),
    [
        (0x61, "a"), (0xE4, "ä"), (0x20AC, "€"), (0x6C1, "а"), (0x7E1, "α"), (0x10020BD, "₽"), (0x1F600 + 0x1000000, "😀"),
        (0xFFE1, ""), (0xFF1B, ""), (0xFFFFFF, ""), (0, ""),
    ],
)  # fmt: skip
def test_keysyms_have_their_characters(keysym: int, written: str) -> None:
    assert character(keysym) == written


def layout(address: str, *arguments: str) -> Callable[[str], str]:
    """Set a keyboard layout; return what tells the text of keys by their names, with modifiers before a plus sign."""
    subprocess.run(["setxkbmap", "-display", address, *arguments], check=True)
    shown = xdisplay.Display(address)
    keyboard = Keyboard(shown)
    shown.close()
    names = {"shift": 1, "caps": 2, "ctrl": 4, "level3": keyboard._level3, "num": keyboard._numlock, "group2": 1 << 13}
    places = {"a": 38, "e": 26, "q": 24, "2": 11, "acute": 21, "minus": 20, "kp7": 79, "space": 65, "back": 22}

    def typed(text: str) -> str:
        told = ""
        for key in text.split():
            *modifiers, name = key.split("+")
            told += keyboard.typed(places[name], sum(names[each] for each in modifiers))
        return told

    return typed


def test_layouts_levels_groups_and_dead_keys() -> None:
    with x_server() as address:
        us = layout(address, "us")
        assert us("a shift+a caps+a caps+shift+a 2 shift+2 caps+2") == "aAAa2@2"
        assert us("ctrl+a a") == "a"
        assert us("kp7 num+kp7") == MOVED + "7"
        assert us("a back") == "a" + BACKSPACE
        german = layout(address, "de")
        assert german("level3+q level3+e minus shift+minus") == "@€ß?"
        assert german("acute e acute space shift+acute a") == "é´à"
        both = layout(address, "us,ru")
        assert both("a group2+a group2+shift+a") == "aфФ"


class Desktop:
    """A confirmed computer whose typed text is recorded on a real display."""

    def __init__(self, owner: Owner, folder: Path, display: str, sources: object = None) -> None:
        self.desk = Desk(owner, folder)
        self.desk.upload()
        self.at = now()
        self.private_until = 0
        self.desktop = X11Desktop(display)
        self.session = self.desk.device.session(1000, "Otti Marsh")
        self.recorder = Recorder(self.desk.device, self.session, lambda: self.at, lambda: self.private_until)
        gate = self.recorder.gate
        self.capture = Capture(x11_sources(display, lambda: self.at), gate, gate.wanted, lambda: self.at)
        self.look()

    def look(self, look: Look | None = None, later: int = 1_000) -> None:
        self.at += later
        self.recorder.take(look or msgspec.structs.replace(self.desktop.look(), idle=0))
        self.capture.tick()

    def texts(self, kind: str = "text") -> list[Text]:
        self.look(later=EVERY_MS)
        self.desk.upload()
        self.desk.upload()
        records: list[Opened] = self.desk.opened()
        return [text for record in records if record.kind == kind for text in record.texts()]

    def close(self) -> None:
        self.capture.end()
        self.capture.run()
        self.desktop.close()
        self.desk.close()


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("typing")


@pytest.fixture
def desktop(owner: Owner, tmp_path: Path, display: str) -> Iterator[Desktop]:
    made = Desktop(owner, tmp_path / "agent", display)
    yield made
    made.close()


def type_into(display: str, text: str) -> None:
    xdotool(display, "type", "--delay", "2", text)


def growing(desktop: Desktop) -> str:
    source = desktop.capture._open["text"]
    piece = source._growing  # type: ignore[attr-defined]  # what is not handed on yet
    return piece.text if piece is not None else ""


def test_the_owner_reads_what_was_typed_in_each_window(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Letter to Ridgeway", "Writer")
    windows.open("Order form", "Forms")
    windows.focus("Letter to Ridgeway")
    desktop.look()
    type_into(display, "Dear Mr. Ridgewax")
    xdotool(display, "key", "BackSpace", "y", "comma", "Return")
    windows.focus("Order form")
    type_into(display, "14 Looms (2 large)")
    xdotool(display, "key", "ctrl+a")
    wait_for(lambda: growing(desktop).endswith("large)"), what="the last key")
    told = desktop.texts()
    assert [(text.app, text.title, text.text) for text in told] == [
        ("Writer", "Letter to Ridgeway", "Dear Mr. Ridgeway,\n"),
        ("Forms", "Order form", "14 Looms (2 large)"),
    ]
    for path in desktop.desk.folder.iterdir():
        assert b"Ridgewa" not in path.read_bytes(), path


def test_long_text_is_handed_on_in_pieces(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Long")
    windows.focus("Long")
    desktop.look()
    for _ in range(3):
        xdotool(display, "type", "--delay", "0", "0123456789" * (LENGTH // 20))
    xdotool(display, "type", "--delay", "0", "end")
    wait_for(lambda: growing(desktop).endswith("end"), what="the last key")
    told = desktop.texts()
    assert "".join(text.text for text in told) == "0123456789" * (3 * LENGTH // 20) + "end"
    assert len(told) == 2


def test_the_end_of_the_agent_is_not_the_end_of_a_sentence(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Last")
    windows.focus("Last")
    desktop.look()
    type_into(display, "the last words")
    wait_for(lambda: growing(desktop) == "the last words", what="the last key")
    desktop.capture.end()
    desktop.capture.run()
    desktop.desk.upload()
    records: list[Opened] = desktop.desk.opened()
    told = [text.text for record in records if record.kind == "text" for text in record.texts()]
    assert told == ["the last words"]


def test_nothing_is_read_where_nothing_may_be(desktop: Desktop, display: str, windows: Windows) -> None:
    windows.open("Open")
    windows.open("Offer - Chromium (Incognito)", "Chromium")
    windows.open("Passwords", "KeePassXC")
    windows.focus("Open")
    here = Window("xterm", "Open")
    desktop.look()
    # Locked, away, private: what was typed since the last look goes for nothing as well.
    for look in (Look(here, 0, True), Look(here, 600_000, False)):
        type_into(display, "before ")
        wait_for(lambda: "before" in growing(desktop), what="the keys")
        desktop.look(look)
        type_into(display, "meanwhile ")
        desktop.look()
    desktop.private_until = desktop.at + 100_000
    type_into(display, "private")
    desktop.look()
    assert desktop.capture._open == {}, "nobody listens in private time"
    desktop.private_until = 0
    desktop.look()
    for title in ("Offer - Chromium (Incognito)", "Passwords"):
        windows.focus(title)
        type_into(display, "secret")
        desktop.look(Look(here, 0, False))
    windows.focus("Open")
    desktop.look()
    type_into(display, "afterwards")
    wait_for(lambda: growing(desktop) == "afterwards", what="the last key")
    assert [text.text for text in desktop.texts()] == ["afterwards"]


def test_keys_that_go_to_a_locker_of_the_screen_are_not_read(display: str, windows: Windows) -> None:
    windows.open("Beneath")
    windows.focus("Beneath")
    told: list[str] = []
    keys = X11Keys(display, lambda _, text: told.append(text), Untold(""))
    shown = xdisplay.Display(display)
    screen = shown.screen()
    locker = screen.root.create_window(
        0, 0, screen.width_in_pixels, screen.height_in_pixels, 0, screen.root_depth, override_redirect=True
    )
    locker.map()
    shown.sync()
    type_into(display, "sesame")
    locker.destroy()
    shown.sync()
    shown.close()
    # Longer than it counts that the screen is covered.
    wait_for(lambda: type_into(display, "x") or told, what="a key after the locker")
    assert set(told) == {"x"}
    keys.close()


@contextmanager
def session_bus(display: str) -> Iterator[str]:
    """Run a D-Bus session as a desktop has it, with the accessibility bus on demand."""
    process = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Settings that are changed here are nobody's.
        env={**os.environ, "DISPLAY": display, "GSETTINGS_BACKEND": "memory"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    try:
        yield address
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def told_of(bus: str) -> bool:
    """Tell whether programs report to screen readers."""
    name, interface = "org.a11y.Bus", "org.a11y.Status"
    with open_dbus_connection(bus=bus) as session:
        asked = Properties(DBusAddress("/org/a11y/bus", bus_name=name, interface=interface)).get("IsEnabled")
        return bool(session.send_and_get_reply(asked, timeout=5).body[0][1])


def test_password_fields_are_known_where_the_desktop_tells(display: str, tmp_path: Path) -> None:
    page = "data:text/html,<title>Log in</title><input id=name autofocus><input id=secret type=password>"
    with session_bus(display) as bus:
        assert why_untold(bus) == ""
        fields = password_fields(bus)
        assert isinstance(fields, AccessibleFields)
        told: list[str] = []
        keys = X11Keys(display, lambda _, text: told.append(text), fields)
        browser = subprocess.Popen(
            [
                "chromium", "--no-sandbox", "--no-first-run", "--force-renderer-accessibility", "--disable-gpu",
                f"--user-data-dir={tmp_path}", "--window-position=0,0", "--window-size=800,600", f"--app={page}",
            ],
            env={**os.environ, "DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": bus},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            found: list[str] = []

            def shown() -> bool:
                done = subprocess.run(
                    ["xdotool", "search", "--onlyvisible", "--name", "Log in"],
                    env={**os.environ, "DISPLAY": display}, capture_output=True, text=True,
                )  # fmt: skip
                found[:] = done.stdout.split()
                return bool(found)

            wait_for(shown, what="the browser")
            xdotool(display, "windowfocus", "--sync", found[-1])
            wait_for(lambda: type_into(display, "n") or "n" in told, what="a key in the plain field")
            wait_for(lambda: fields.focus.place is not None and not fields.focus.secret, what="the plain field")
            xdotool(display, "key", "Tab")
            wait_for(lambda: fields.focus.secret, what="the password field")
            told.clear()
            type_into(display, "sesame")
            xdotool(display, "key", "shift+Tab")
            wait_for(lambda: not fields.focus.secret, what="the plain field again")
            wait_for(lambda: type_into(display, "k") or "k" in told, what="a key in the plain field")
            assert set(told) <= {"k", "\t"}
            # In one go: the first keys are there before the desktop told of the field, the last ones when it has lost the focus.
            told.clear()
            xdotool(display, "key", "Tab", "type", "--delay", "1", "opensesame")
            xdotool(display, "key", "shift+Tab")
            wait_for(
                lambda: not fields.focus.secret and fields.focus.place is not None, what="the plain field once more"
            )
            wait_for(lambda: type_into(display, "k") or "k" in told, what="a key in the plain field once more")
            assert set(told) <= {"k", "\t"}
            assert told_of(bus)
        finally:
            browser.terminate()
            browser.wait(20)
            keys.close()
        assert not told_of(bus), "the person's setting is as it was"


def test_a_desktop_that_does_not_tell_says_so() -> None:
    told = password_fields("unix:path=/nowhere")
    assert told.reason == why_untold("unix:path=/nowhere") != ""
    assert not told.hidden(Window("a", "b"), 0.0)
