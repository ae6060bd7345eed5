"""Opens what macOS gives: its desktop, its screen, its keys, its pasteboard. What the person must allow is asked for by the reason why not."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from reteamz.agent.desktop.base import Clipboard, Copied, Desktop, Keys, Screens, Typed
from reteamz.agent.desktop.hooked_keys import HookedKeys, KeyText, Listen, Listener, mac_commands
from reteamz.agent.desktop.macos import NO_KEYS, NO_SCREEN, MacDesktop, MacWindows
from reteamz.agent.desktop.macos_api import MacApi
from reteamz.wire.errors import ReteamzError


def _api() -> MacApi:
    # By name: to type checkers of other platforms the module is empty.
    api: MacApi = import_module("reteamz.agent.desktop.macos_calls").opened()
    return api


def desktop() -> Desktop:
    """Return the desktop of this login session. Raises ``display_missing``."""
    return MacDesktop(_api())


def screens() -> Screens:
    """Return what takes pictures. Raises ``unsupported``."""
    from reteamz.agent.desktop.screens import MssScreens

    api = _api()
    require_screen(api)
    return MssScreens(MacWindows(api))


def require_screen(api: MacApi) -> None:
    """Require the permission without which pictures show the wallpaper alone. Raises ``unsupported``."""
    if not api.sees_screen():
        raise ReteamzError("unsupported", NO_SCREEN)


def keys(typed: Typed) -> Keys:
    """Listen to keys. Raises ``unsupported``, ImportError."""
    from pynput import keyboard

    def listen(pressed: Any, released: Any) -> Listener:
        listener: Listener = keyboard.Listener(on_press=pressed, on_release=released)
        return listener

    return keys_of(_api(), listen, typed)


def keys_of(api: MacApi, listen: Listen, typed: Typed) -> Keys:
    """Listen to keys where the person allowed it. Raises ``unsupported``."""
    if not api.trusted():
        raise ReteamzError("unsupported", NO_KEYS)
    return HookedKeys(listen, MacWindows(api), lambda: api.secure_input, KeyText(mac_commands), typed)


def clipboard(copied: Copied) -> Clipboard:
    """Listen to the pasteboard."""
    from reteamz.agent.desktop.polled_clipboard import MacBoard, PolledClipboard

    api = _api()
    return PolledClipboard(MacBoard(api), MacWindows(api).focused, copied)
