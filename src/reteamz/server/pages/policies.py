"""What computers record: the default that every agent has, and how much of it the account holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.pages.shell import account_of, page
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore


@dataclass(frozen=True, slots=True)
class Recorded:
    """One kind of thing that an agent may record; ``field`` is that of its names, "" for none."""

    word: str
    field: str
    recorded: bool
    told: str


KINDS: Final = (
    Recorded("Kinds of time", "", True, "Active, meeting, idle after three minutes, locked, private."),
    Recorded("People", "person", True, "Who was logged in at the computer."),
    Recorded("Applications", "app", True, "The program whose window had the focus."),
    Recorded("Window titles", "title", True, "The title of that window."),
    Recorded("Sites", "site", True, "The host of a page, as a browser extension reports it. Never in private windows."),
    Recorded("Documents", "doc", True, "What the window's title says of a document."),
    Recorded("Addresses of pages", "url", False, "Whole addresses, without user names and fragments."),
    Recorded("Screenshots, typed text, clipboard, chat, camera, sound", "", False, "No agent records them yet."),
)
"""The default of every agent; one that recorded more would have been configured at its computer."""


@get("/policies")
async def policies(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
) -> Template:
    """What is recorded; the same for every department and person."""
    viewer.require_manager()
    account = await account_of(control, viewer)
    held = await asyncio.to_thread(activity.counts, viewer.account)
    return page("policies", account, "Policies", kinds=KINDS, held=held)


handlers = [policies]
