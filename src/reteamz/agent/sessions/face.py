"""What the person sees of the agent on their desktop: an icon in the tray, a notice that asks, and the page that both lead to."""

from __future__ import annotations

import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from typing import Final

from reteamz.agent.control import Request
from reteamz.agent.sessions.messages import Tell
from reteamz.agent.sessions.tray import Tray


def own_command(*arguments: str) -> list[str]:
    """Return the command line of this very program."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "reteamz.cli.main"]
    return [*program, *arguments]


def open_page(port: int) -> None:
    """Show the local page in the person's browser."""
    webbrowser.open(f"http://127.0.0.1:{port}/")


class DesktopFace:
    """The face of one session. ``show`` is called by one thread, every second.

    Args:
        ask: puts a request of the person to the agent.
        place: options that lead ``reteamz agent`` to it.
    """

    def __init__(self, ask: Callable[[Request], object], place: Sequence[str]) -> None:
        self._notice_command: Final = own_command("agent", *place, "notice", "--window")
        self._notice: subprocess.Popen[bytes] | None = None
        self._asked: list[str] = []
        self._tray = Tray(ask, open_page)

    def show(self, tell: Tell | None) -> None:
        """Show what is recorded, None when the agent is away; ask what must be asked, once until something else must be."""
        self._tray.show(tell)
        asked = tell.asked if tell is not None else self._asked
        if asked == self._asked:
            if self._notice is not None:
                self._notice.poll()
            return
        self._end_notice()
        if asked:
            self._notice = subprocess.Popen(self._notice_command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._asked = asked

    def unsupported(self) -> dict[str, str]:
        """Return why there is no icon, where there is none."""
        return {"tray": self._tray.reason} if self._tray.reason else {}

    def close(self) -> None:
        """Take icon and notice away."""
        self._tray.close()
        self._end_notice()

    def _end_notice(self) -> None:
        if self._notice is not None:
            self._notice.terminate()
            self._notice.wait(10)
            self._notice = None
