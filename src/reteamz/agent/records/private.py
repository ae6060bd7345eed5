"""Windows of which no sealed content is taken, whatever the policy says: private ones of browsers, and those that ask for secrets."""

from __future__ import annotations

import re
from typing import Final

from reteamz.agent.desktop.base import Window

_PRIVATE: Final = re.compile(
    r"\(Incognito\)|\(Private\)|\[InPrivate\]|Private Browsing|New Incognito Tab|New InPrivate tab", re.IGNORECASE
)
_SECRETS: Final = (
    "pinentry", "askpass", "keepass", "gcr-prompter", "gnome-keyring", "seahorse", "kwallet", "polkit", "lxqt-sudo", "kdesu", "gksu",
    "bitwarden", "1password", "enpass", "buttercup", "secrets", "xscreensaver", "i3lock", "light-locker",
)  # fmt: skip


def private_window(window: Window) -> bool:
    """Tell whether a browser's title says that the window is private."""
    return _PRIVATE.search(window.title) is not None


def asks_for_secrets(window: Window) -> bool:
    """Tell whether a window belongs to a program whose purpose is secrets: what is typed or copied there is never recorded."""
    app = window.app.lower()
    return any(name in app for name in _SECRETS)
