"""What computers may record: the signed policy as far as it stands in the open; the browser that has the keys makes the editor of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.pages import texts
from reteamz.server.pages.shell import account_of, page
from reteamz.server.people.placing import departments_of
from reteamz.server.policies.versions import newest_policy, read
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.wire.batch import SealedKind
from reteamz.wire.policy import DEFAULT, Detail, Hours, PolicySet, Settings, levels, resolved

_DETAILS: Final[tuple[Detail, ...]] = ("off", "applications", "names", "everything")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_KINDS: Final[dict[SealedKind, str]] = {
    "screenshot": "Screenshots",
    "text": "Typed text",
    "clipboard": "Clipboard text",
    "chat": "Chat text",
    "camera": "Camera pictures",
    "sound": "Sound",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One kind of thing that agents may record of everybody; ``field`` is that of its names, "" for none."""

    word: str
    field: str
    recorded: bool
    told: str


def kinds_of(said: Settings) -> list[Recorded]:
    """Return what an account's own settings, with the default, let agents record."""
    least = _DETAILS.index(said.detail or "off")
    idle = (said.idle_limit or 0) // 60_000
    sealed = set(said.records or ()) if said.detail == "everything" else set()
    return [
        Recorded("Kinds of time", "", least > 0, f"Active, meeting, idle after {idle} min, locked, private."),
        Recorded("People", "person", least > 0, "Who was logged in at the computer."),
        Recorded("Applications", "app", least > 0, "The program whose window had the focus."),
        Recorded("Window titles", "title", least > 1, "The title of that window."),
        Recorded("Sites", "site", least > 1, "The host of a page. Never in private windows of a browser."),
        Recorded("Documents", "doc", least > 1, "What the window’s title says of a document."),
        Recorded(
            "Addresses of pages",
            "url",
            least > 1 and bool(said.urls),
            "Whole addresses, without user names and fragments.",
        ),
        *(
            Recorded(word, "", kind in sealed, "Sealed on the computer, after the person agreed.")
            for kind, word in _KINDS.items()
        ),
    ]


def hours_told(hours: Hours | None) -> str:
    """Return working hours in one line: equal days that follow each other are one."""
    if hours is None:
        return "at any hour"
    told: list[str] = []
    start = 0
    for place in range(1, 8):
        if place < 7 and hours[place] == hours[start]:
            continue
        parts = ", ".join(f"{texts.minutes(begin)}–{texts.minutes(end)}" for begin, end in hours[start])
        if parts:
            days = _DAYS[start] if place - start == 1 else f"{_DAYS[start]}–{_DAYS[place - 1]}"
            told.append(f"{days} {parts}")
        start = place
    return "; ".join(told) or "never"


def _speaking(policy: PolicySet | None, names: Sequence[tuple[str, str]]) -> list[str]:
    """Return names of departments that say something of their own."""
    spoken = {one.department for one in policy.departments} if policy is not None else set()
    return [name for department, name in names if department in spoken]


@get("/policies")
async def policies(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
) -> Template:
    """What is recorded, and of whom otherwise."""
    viewer.require_manager()
    account = await account_of(control, viewer)
    async with control.session() as session:
        newest = await newest_policy(session, viewer.account)
        departments = await departments_of(session, viewer)
    held = await asyncio.to_thread(activity.counts, viewer.account)
    policy = read(newest.jws) if newest is not None else None
    said = resolved([DEFAULT, policy.settings] if policy is not None else [DEFAULT])
    may_edit = viewer.role == "owner" or "settings" in viewer.rights
    return page(
        "policies",
        account,
        "Policies",
        kinds=kinds_of(said),
        held=held,
        newest=policy.version if policy is not None else 0,
        issued=policy.issued if policy is not None else 0,
        hours=hours_told(said.hours),
        private=said.private,
        exclusions=sum(len(level.exclusions) for level in levels(policy)) if policy is not None else 0,
        speaking=_speaking(policy, [(one.id, one.name) for one in departments]),
        persons=sum(one.settings is not None for one in policy.persons) if policy is not None else 0,
        may_edit=may_edit,
        whole=viewer.role == "owner",
    )


handlers = [policies]
