"""What Windows is documented to answer, errors and odd values included, and what the adapter makes of it."""

from __future__ import annotations

import pytest
from tests.agent.desktop.recorded import (
    TICKS,
    Program,
    RecordedKey,
    RecordedListener,
    RecordedScreen,
    RecordedWindows,
    denied,
    no_process,
)
from tests.waiting import wait_for

from reteamz.agent.desktop.base import Window
from reteamz.agent.desktop.hooked_keys import HookedKeys, KeyText, windows_commands
from reteamz.agent.desktop.polled_clipboard import TRIES, PolledClipboard, WindowsBoard
from reteamz.agent.desktop.screens import MssScreens
from reteamz.agent.desktop.windows import NO_SESSION, USE_S, WindowsDesktop, WindowsWindows
from reteamz.agent.desktop.windows_api import SESSION_LOCKED, SESSION_UNLOCKED, Accessible, Copy, Use
from reteamz.agent.desktop.windows_open import secret_fields

OWN = r"C:\Program Files\Reteamz\reteamz-agent.exe"
TEAMS = r"C:#Program Files#Teams#teams.exe"
NOT_KNOWN = -1


@pytest.fixture
def api() -> RecordedWindows:
    made = RecordedWindows()
    made.programs[4] = Program(r"C:\Windows\notepad.exe", "Notepad")
    made.open(1, 4, "notes.txt")
    made.focus = 1
    return made


def seen(api: RecordedWindows) -> Window | None:
    return WindowsDesktop(api, OWN).look().window


@pytest.mark.parametrize(
    ("program", "app"),
    [
        (Program(r"C:\Tools\Écriture.exe", "  "), "Écriture"),
        (Program(r"C:\Tools\plain.exe", FileNotFoundError(2, "no version resource")), "plain"),
        (Program(denied(), ""), ""),
        (Program(no_process(), ""), ""),
    ],
)
def test_a_program_is_named_as_well_as_it_can_be(api: RecordedWindows, program: Program, app: str) -> None:
    api.programs[4] = program
    assert seen(api) == Window(app, "notes.txt")


def test_a_window_that_is_gone_is_none(api: RecordedWindows) -> None:
    api.close(1)
    assert seen(api) is None
    api.open(1, 4, "")
    api.programs[4] = Program(denied(), "")
    assert seen(api) is None, "neither name nor title"


def test_a_title_cut_in_the_middle_of_a_character_can_be_sent(api: RecordedWindows) -> None:
    api.titles[1] = "party 🎉 " + "🎉".encode("utf-16-le")[:2].decode("utf-16-le", "surrogatepass")
    assert seen(api) == Window("Notepad", "party 🎉 \ufffd")
    api.titles[1] = "\ud83c\udf89"
    assert seen(api) == Window("Notepad", "🎉")


def test_an_app_of_the_store_is_named_for_itself(api: RecordedWindows) -> None:
    api.programs[8] = Program(r"C:\Windows\System32\ApplicationFrameHost.exe", "Application Frame Host")
    api.programs[12] = Program(r"C:\Program Files\WindowsApps\Calc\CalculatorApp.exe", "Calculator")
    api.open(2, 8, "Calculator")
    api.inside[2] = [3, 5]
    api.owners |= {3: 8, 5: 12}
    api.focus = 2
    assert seen(api) == Window("Calculator", "Calculator")
    api.inside[2] = [3]
    assert seen(api) == Window("Application Frame Host", "Calculator"), "the app rests"


@pytest.mark.parametrize(
    ("last", "now", "idle"),
    [
        (1_000, 61_000, 60_000),
        (TICKS - 5_000, 2_000, 7_000),
        (TICKS - 5_000, TICKS + 2_000, 7_000),
        (5_000, 4_999, 0),
        (100, 100, 0),
        (0, TICKS - 100_000, TICKS - 100_000),
    ],
)
def test_ticks_wrap_after_49_days(api: RecordedWindows, last: int, now: int, idle: int) -> None:
    api.input_at, api.now = last, now
    assert WindowsDesktop(api, OWN).look().idle == idle


@pytest.mark.parametrize(
    ("state", "desktop", "locked"),
    [
        ((True, SESSION_UNLOCKED), "Default", False),
        ((True, SESSION_LOCKED), "Default", True),
        ((False, SESSION_UNLOCKED), "Default", True),
        ((True, NOT_KNOWN), "Default", False),
        ((True, NOT_KNOWN), "Winlogon", True),
        ((True, NOT_KNOWN), denied(), True),
        (OSError(87, "no such class"), "Default", False),
        (OSError(87, "no such class"), OSError(8, "not enough"), None),
    ],
)  # fmt: skip
def test_the_lock_is_told_by_the_session_else_by_the_desktop_of_the_input(
    api: RecordedWindows, state: tuple[bool, int] | OSError, desktop: str | OSError, locked: bool | None
) -> None:
    api.state, api.desktop = state, desktop
    made = WindowsDesktop(api, OWN)
    assert made.look().locked is locked
    assert made.unsupported().get("locked") == (NO_SESSION if locked is None else None)


@pytest.mark.parametrize(
    ("use", "meeting"),
    [
        (Use(TEAMS, 2_000, 0), True),
        (Use("Microsoft.WindowsCamera_8wekyb3d8bbwe", 2_000, 0), True),
        (Use(TEAMS, 2_000, 2_500), False),
        (Use(OWN.replace("\\", "#").upper(), 2_000, 0), False),
        (Use(TEAMS, 999, 0), False),
    ],
)
def test_a_meeting_is_another_programs_use_since_windows_started(api: RecordedWindows, use: Use, meeting: bool) -> None:
    api.store["webcam"] = [use]
    assert WindowsDesktop(api, OWN).look().meeting is meeting


def test_the_end_of_a_meeting_is_seen_after_some_seconds(api: RecordedWindows) -> None:
    at = 0.0
    desktop = WindowsDesktop(api, OWN, steady=lambda: at)
    assert not desktop.look().meeting
    api.store["microphone"] = [Use(TEAMS, 2_000, 0)]
    assert not desktop.look().meeting
    at = USE_S
    assert desktop.look().meeting


def test_the_active_monitor_is_the_focused_windows(api: RecordedWindows) -> None:
    screens = MssScreens(WindowsWindows(api), RecordedScreen)
    for left, monitor in ((0, 0), (4, 1), (400, 0)):
        api.places[1] = (left, 0, left + 4, 4)
        assert [shot.monitor for shot in screens.shots(active_only=True)] == [monitor]
    del api.places[1]
    assert [shot.monitor for shot in screens.shots(active_only=True)] == [0]


def copied(api: RecordedWindows, *copies: Copy, busy: int = 0) -> list[str]:
    """Return what is told of copies one after the other, the last of them plain."""
    told: list[str] = []
    clipboard = PolledClipboard(
        WindowsBoard(api), WindowsWindows(api).focused, lambda _, text: told.append(text), 0.005
    )
    for copy in copies:
        api.busy, api.copy, api.copies = busy, copy, api.copies + 1
        wait_for(lambda: clipboard._seen == api.copies, what="the copy")
    clipboard.close()
    return told


def test_what_a_password_manager_marks_is_not_told(api: RecordedWindows) -> None:
    assert copied(
        api,
        Copy(frozenset({"ExcludeClipboardContentFromMonitorProcessing"}), True, "secret"),
        Copy(frozenset({"Clipboard Viewer Ignore"}), True, "secret"),
        Copy(frozenset({"CanIncludeInClipboardHistory"}), False, "secret"),
        Copy(frozenset({"CanIncludeInClipboardHistory", "HTML Format"}), True, "open"),
        Copy(frozenset({"PNG"}), True, None),
    ) == ["open"]


def test_a_clipboard_that_another_program_has_open_is_tried_again_and_let_go(api: RecordedWindows) -> None:
    plain = Copy(frozenset(), True, "plain")
    assert copied(api, plain, busy=3) == ["plain"]
    assert copied(api, plain, busy=TRIES) == []


class Typist:
    """Presses keys in a Windows session, with time and password fields that a test moves."""

    def __init__(self, api: RecordedWindows, accessible: Accessible | None = None) -> None:
        self.at = 10.0
        self.told: list[str] = []
        self.fields = False
        self.keys = HookedKeys(
            self._listen,
            WindowsWindows(api),
            lambda: secret_fields(api, accessible or (lambda: self.fields)),
            KeyText(windows_commands),
            lambda _, text: self.told.append(text),
            lambda: self.at,
        )
        self.looked()

    def _listen(self, *told: object) -> RecordedListener:
        self.listener = RecordedListener(*told)  # type: ignore[arg-type]  # the two that are told
        return self.listener

    def looked(self) -> None:
        """Wait until it was looked at the fields once more, whatever it found."""
        before = self.keys._looked
        self.at += 0.1
        wait_for(lambda: self.keys._looked > before, what="a look")
        self.at += 0.01

    def done(self) -> str:
        """Return what was told, once everything was judged."""
        wait_for(self.keys._keys.empty, what="the keys")
        self.keys.close()
        return "".join(self.told)


def test_keys_write_characters_and_commands_nothing(api: RecordedWindows) -> None:
    typist = Typist(api)
    press = typist.listener
    for key in ("a", "space", "ß"):
        press.press(key)
    for held in ("ctrl_l", "cmd", "alt_l"):
        press.down(held)
        press.press("c")
        press.up(held)
    # AltGr is Control and Alt together.
    press.down("ctrl_l")
    press.down("alt_gr")
    press.press("€")
    press.up("alt_gr")
    press.up("ctrl_l")
    press.press(RecordedKey(char="´", is_dead=True, combining="\u0301"))
    press.press("e")
    for half in "🍏".encode("utf-16-le")[:2], "🍏".encode("utf-16-le")[2:]:
        press.press(RecordedKey(char=half.decode("utf-16-le", "surrogatepass")))
    for key in ("left", "backspace", "f5", "shift", "esc", "enter"):
        press.press(key)
    press.press(RecordedKey())
    assert typist.done() == "a ß€é🍏\x01\b\n"


def test_nothing_is_told_of_password_fields_nor_of_what_programs_type(api: RecordedWindows) -> None:
    typist = Typist(api)
    press = typist.listener
    press.press("a")
    press.press("m", made=True)
    wait_for(lambda: typist.told == ["a"], what="the first key")
    typist.fields = True
    typist.looked()
    press.press("s")
    wait_for(typist.keys._keys.empty, what="the key")
    # The last key of a password is judged after the focus moved on.
    typist.at += 0.01
    typist.fields = False
    press.press("t")
    typist.looked()
    press.press("b")
    assert typist.done() == "ab"


def test_a_classic_edit_field_tells_by_its_style(api: RecordedWindows) -> None:
    typist = Typist(api)
    api.password = True
    typist.looked()
    typist.listener.press("s")
    assert typist.done() == ""


def test_a_field_that_cannot_be_asked_counts_as_one_for_passwords(api: RecordedWindows) -> None:
    secret = secret_fields(api, None)
    assert not secret()

    def hangs() -> bool:
        raise OSError("the program does not answer")

    typist = Typist(api, hangs)
    typist.listener.press("s")
    assert typist.done() == ""


def test_a_second_without_a_look_proves_nothing(api: RecordedWindows) -> None:
    typist = Typist(api)
    typist.at += 2.0
    typist.listener.press("a")
    assert typist.done() == ""
