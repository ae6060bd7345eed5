"""Opens what Windows gives: its desktop, its screen, its keys, its clipboard."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

from reteamz.agent.desktop.base import Clipboard, Copied, Desktop, Keys, Screens, Typed
from reteamz.agent.desktop.hooked_keys import HookedKeys, KeyText, Listener, Secret, windows_commands
from reteamz.agent.desktop.windows import WindowsDesktop, WindowsWindows
from reteamz.agent.desktop.windows_api import Accessible, WindowsApi
from reteamz.wire.errors import ReteamzError

UNTOLD = "UI Automation cannot be had, so password fields of browsers are not known; those of classic programs are"


def _api() -> WindowsApi:
    # By name: to type checkers of other platforms the module is empty.
    api: WindowsApi = import_module("reteamz.agent.desktop.windows_calls").opened()
    return api


def _accessible() -> Accessible:
    asked: Accessible = import_module("reteamz.agent.desktop.windows_calls").accessible()
    return asked


def desktop() -> Desktop:
    """Return the desktop of this session. Raises ``display_missing``."""
    untold = ""
    try:
        _accessible()
    except (OSError, ImportError):
        untold = UNTOLD
    return WindowsDesktop(_api(), sys.executable, untold)


def screens() -> Screens:
    """Return what takes pictures. Raises ``unsupported``."""
    from reteamz.agent.desktop.screens import MssScreens

    return MssScreens(WindowsWindows(_api()))


def secret_fields(api: WindowsApi, accessible: Accessible | None) -> Secret:
    """Return what tells of password fields: by their style, and by what programs tell screen readers, where that can be had."""

    def secret() -> bool:
        # A control of another kind has no such style, and the window may close meanwhile.
        with suppress(OSError):
            if api.password_style(api.foreground()):
                return True
        return accessible is not None and accessible()

    return secret


def keys(typed: Typed) -> Keys:
    """Listen to keys. Raises ``unsupported``, ImportError."""
    from pynput import keyboard

    api = _api()

    def listen(pressed: Any, released: Any) -> Listener:
        listener: Listener = keyboard.Listener(on_press=pressed, on_release=released)
        return listener

    def open_secret() -> Secret:
        accessible: Accessible | None = None
        with suppress(OSError, ImportError):
            accessible = _accessible()
        return secret_fields(api, accessible)

    return HookedKeys(listen, WindowsWindows(api), open_secret, KeyText(windows_commands), typed)


def clipboard(copied: Copied) -> Clipboard:
    """Listen to the clipboard. Raises ``unsupported``."""
    from reteamz.agent.desktop.polled_clipboard import PolledClipboard, WindowsBoard

    api = _api()
    try:
        api.clipboard_number()
    except OSError:
        raise ReteamzError("unsupported", "Windows lets this program not see the clipboard") from None
    return PolledClipboard(WindowsBoard(api), WindowsWindows(api).focused, copied)
