"""What macOS is documented to answer, missing permissions included, and what the adapter makes of it."""

from __future__ import annotations

import pytest
from tests.agent.desktop.recorded import RecordedKey, RecordedListener, RecordedMac, RecordedScreen
from tests.waiting import wait_for

from reteamz.agent.desktop.base import Window
from reteamz.agent.desktop.hooked_keys import KeyText, mac_commands
from reteamz.agent.desktop.macos import NO_KEYS, NO_SCREEN, NO_TITLES, MacDesktop, MacWindows
from reteamz.agent.desktop.macos_api import App, Login, Shown
from reteamz.agent.desktop.macos_open import keys_of, require_screen
from reteamz.agent.desktop.polled_clipboard import MacBoard, PolledClipboard
from reteamz.agent.desktop.screens import MssScreens
from reteamz.wire.errors import ReteamzError

PAGES = App(501, "Pages")


@pytest.fixture
def api() -> RecordedMac:
    made = RecordedMac()
    made.front = PAGES
    made.focused[501] = "Offer"
    made.shown = [
        Shown(90, "Window Server", "Menubar", 24, 0, 0, 8, 1),
        Shown(501, "Pages", "Offer", 0, 4, 0, 4, 4),
        Shown(502, "Finder", "Downloads", 0, 0, 0, 4, 4),
    ]
    return made


@pytest.mark.parametrize(
    ("accessibility", "recording", "title", "untold"),
    [
        (True, True, "the focused one", False),
        (True, False, "the focused one", False),
        (False, True, "Offer", False),
        (False, False, "", True),
    ],
)
def test_titles_come_by_whichever_permission_there_is(
    api: RecordedMac, accessibility: bool, recording: bool, title: str, untold: bool
) -> None:
    api.focused[501] = "the focused one"
    api.accessibility, api.screen_recording = accessibility, recording
    desktop = MacDesktop(api)
    assert desktop.look().window == Window("Pages", title)
    assert desktop.unsupported() == ({"title": NO_TITLES} if untold else {})
    # A permission that is given later counts from then on.
    api.accessibility = True
    assert desktop.look().window == Window("Pages", "the focused one")
    assert desktop.unsupported() == {}


def test_an_application_that_tells_no_focused_window_has_the_front_one(api: RecordedMac) -> None:
    api.focused[501] = None
    assert MacDesktop(api).look().window == Window("Pages", "Offer")
    api.shown = []
    assert MacDesktop(api).look().window == Window("Pages", "")


def test_a_title_with_half_a_character_can_be_sent(api: RecordedMac) -> None:
    api.focused[501] = "party \ud83c"
    assert MacDesktop(api).look().window == Window("Pages", "party \ufffd")


@pytest.mark.parametrize(
    ("login", "locked"),
    [
        (Login(locked=False, on_console=True), False),
        (Login(locked=True, on_console=True), True),
        (Login(locked=False, on_console=False), True),
    ],
)
def test_locked_or_another_persons_screen(api: RecordedMac, login: Login, locked: bool) -> None:
    api.session = login
    assert MacDesktop(api).look().locked is locked


def test_outside_of_a_login_session_there_is_no_desktop(api: RecordedMac) -> None:
    api.session = None
    with pytest.raises(ReteamzError, match="display_missing"):
        MacDesktop(api)


def test_counters_wrap(api: RecordedMac) -> None:
    desktop = MacDesktop(api)
    api.presses += 5
    assert desktop.look().input == 5
    assert desktop.look().input == 0


def test_a_meeting_is_another_programs_use(api: RecordedMac) -> None:
    assert not MacDesktop(api).look().meeting
    api.recording = True
    assert MacDesktop(api).look().meeting


def test_pictures_need_a_permission(api: RecordedMac) -> None:
    require_screen(api)
    api.screen_recording = False
    with pytest.raises(ReteamzError, match=NO_SCREEN[:40]):
        require_screen(api)


def test_the_active_monitor_is_the_front_windows(api: RecordedMac) -> None:
    screens = MssScreens(MacWindows(api), RecordedScreen)
    assert [shot.monitor for shot in screens.shots(active_only=True)] == [1]
    api.front = App(502, "Finder")
    assert [shot.monitor for shot in screens.shots(active_only=True)] == [0]
    assert Window("Window Server", "Menubar") not in screens.visible()


def test_keys_need_a_permission_and_no_secure_input(api: RecordedMac) -> None:
    listeners: list[RecordedListener] = []
    told: list[tuple[Window, str]] = []

    def listen(*told: object) -> RecordedListener:
        listeners.append(RecordedListener(*told))  # type: ignore[arg-type]  # the two that are told
        return listeners[-1]

    api.accessibility = False
    with pytest.raises(ReteamzError, match=NO_KEYS[:40]):
        keys_of(api, listen, lambda window, text: told.append((window, text)))
    api.accessibility = True
    keys = keys_of(api, listen, lambda window, text: told.append((window, text)))
    wait_for(lambda: keys._clear_since is not None, what="a look")  # type: ignore[attr-defined]  # what it knows
    listeners[0].press("a")
    wait_for(lambda: told == [(Window("Pages", "Offer"), "a")], what="the key")
    api.secure = True
    listeners[0].press("s")
    wait_for(lambda: keys._clear_since is None, what="a look")  # type: ignore[attr-defined]  # what it knows
    keys.close()
    assert [text for _, text in told] == ["a"]


def test_option_writes_and_command_does_not() -> None:
    text = KeyText(mac_commands)
    assert text.pressed(RecordedKey(name="alt")) == ""
    assert text.pressed(RecordedKey(char="€")) == "€"
    text.released(RecordedKey(name="alt"))
    text.pressed(RecordedKey(name="cmd_r"))
    assert text.pressed(RecordedKey(char="v")) == ""
    text.released(RecordedKey(name="cmd_r"))
    assert text.pressed(RecordedKey(char="v")) == "v"


def test_what_a_password_manager_conceals_is_not_told(api: RecordedMac) -> None:
    told: list[str] = []
    clipboard = PolledClipboard(MacBoard(api), MacWindows(api).focused, lambda _, text: told.append(text), 0.005)
    plain = "public.utf8-plain-text"
    for types, text in (
        ({plain, "org.nspasteboard.ConcealedType"}, "secret"),
        ({plain, "org.nspasteboard.TransientType"}, "secret"),
        ({"com.agilebits.onepassword", plain}, "secret"),
        ({"public.png"}, None),
        ({plain}, "open"),
    ):
        api.types, api.text, api.copies = frozenset(types), text, api.copies + 1
        wait_for(lambda: clipboard._seen == api.copies, what="the copy")
    clipboard.close()
    assert told == ["open"]
