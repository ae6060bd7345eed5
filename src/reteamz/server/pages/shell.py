"""What every page of a member shows around its content."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.settings import account_view
from reteamz.server.devices.lists import devices_of
from reteamz.server.dictionary.visible import visible_names
from reteamz.server.pages.filterbar import PRESETS, Choice
from reteamz.server.people.placing import PERSONS_MOST, Placements, departments_of, people_of
from reteamz.server.schedules import Schedules
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.wire.accounts import AccountView, DepartmentView, DeviceView, PersonView
from reteamz.wire.batch import Head
from reteamz.wire.errors import ReteamzError
from reteamz.wire.roster import Right, Role

ALL: Final[frozenset[Role]] = frozenset(("owner", "manager"))
OWNER: Final[frozenset[Role]] = frozenset(("owner",))
EVERYONE: Final[frozenset[Role]] = frozenset(("owner", "manager", "employee"))
EMPLOYEE: Final[frozenset[Role]] = frozenset(("employee",))


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of the menu: key of its template, address, word, icon, who has it, and the right that managers need."""

    key: str
    href: str
    word: str
    icon: str
    roles: frozenset[Role] = ALL
    right: Right | None = None

    def is_for(self, role: Role, rights: Collection[Right] = ()) -> bool:
        """Tell whether a member has the page."""
        return role in self.roles and (role == "owner" or self.right is None or self.right in rights)


MENU: Final[tuple[tuple[str, tuple[MenuEntry, ...]], ...]] = (
    (
        "Now",
        (
            MenuEntry("my-day", "/my-day", "My day", "user-circle", EMPLOYEE),
            MenuEntry("overview", "/", "Overview", "layout-dashboard"),
            MenuEntry("live", "/live", "Live", "activity"),
            MenuEntry("timeline", "/timeline", "Timeline", "timeline", EVERYONE),
            MenuEntry("attendance", "/attendance", "Attendance", "calendar", EVERYONE),
            MenuEntry("alerts", "/alerts", "Alerts", "bell"),
        ),
    ),
    (
        "Activity",
        (
            MenuEntry("apps", "/apps", "Applications", "apps", EVERYONE),
            MenuEntry("sites", "/sites", "Sites", "world", EVERYONE),
            MenuEntry("titles", "/titles", "Titles", "app-window", EVERYONE),
            MenuEntry("documents", "/documents", "Documents", "file-text", EVERYONE),
            MenuEntry("productivity", "/productivity", "Productivity", "trending-up"),
            MenuEntry("records", "/records", "Screens & records", "photo", right="sealed"),
            MenuEntry("log", "/log", "Log", "list-details", EVERYONE),
            MenuEntry("reports", "/reports", "Reports", "mail"),
        ),
    ),
    (
        "Administration",
        (
            MenuEntry("people", "/people", "People & departments", "users"),
            MenuEntry("schedules", "/schedules", "Working hours", "clock"),
            MenuEntry("rules", "/rules", "Categories & rules", "tags"),
            MenuEntry("devices", "/devices", "Devices", "device-desktop", OWNER),
            MenuEntry("policies", "/policies", "Policies", "eye"),
            MenuEntry("audit", "/audit", "Audit", "shield-check", OWNER),
        ),
    ),
)
"""Groups of pages with their headings."""
EMPLOYEES_PAGES: Final = frozenset(
    ("profile", *(entry.key for _, entries in MENU for entry in entries if "employee" in entry.roles))
)
"""Pages that an employee may open; a new page is not among them unless its entry says so."""


def page_words() -> dict[str, str]:
    """Return the word of every page, and of what is no page but was looked at."""
    return {
        **{entry.key: entry.word for _, entries in MENU for entry in entries},
        "journal": "Signed batches",
        "sealed": "Sealed record, opened",
        "days": "Overview",
        "week": "Attendance",
        "urls": "Addresses",
    }


def entries_for(role: Role, rights: Collection[Right] = ()) -> list[MenuEntry]:
    """Return the pages of a role, in the order of the menu."""
    return [entry for _, entries in MENU for entry in entries if entry.is_for(role, rights)]


@dataclass(frozen=True, slots=True)
class Lists:
    """What the filter bar offers."""

    persons: list[PersonView]
    departments: list[DepartmentView]
    devices: list[DeviceView]
    names: list[str]
    """Entries of the names that are chosen."""
    schedules: Schedules
    alone: bool = False
    """Whether the viewer sees nobody but themselves."""

    def computers(self) -> dict[str, str]:
        """Return the name of every computer that told one."""
        return {device.id: device.computer for device in self.devices if device.computer}


async def lists_of(
    control: ControlStore, activity: ActivityStore, viewer: Viewer, names: Sequence[int], schedules: Schedules
) -> Lists:
    """Return people, departments and, for an owner, devices, as far as the viewer may see them; employees see themselves."""
    shown = []
    if names:
        visible = await visible_names(viewer, Placements(control), activity)
        shown = [activity.name(viewer.account, name) if visible is None or name in visible else "" for name in names]
    if viewer.role == "employee":
        own = viewer.person or 0
        return Lists([PersonView(own, activity.name(viewer.account, own), None)], [], [], shown, schedules, alone=True)
    persons = await asyncio.to_thread(activity.entries, viewer.account, "person", 0, PERSONS_MOST)
    async with control.session() as session:
        devices = []
        if viewer.role == "owner":
            devices = await devices_of(session, viewer.account, {}, lambda _: Head(0, ""))
        people, departments = await people_of(session, viewer, persons), await departments_of(session, viewer)
    return Lists(people, departments, devices, shown, schedules)


async def account_of(control: ControlStore, viewer: Viewer) -> AccountView:
    """Return the viewer's account."""
    async with control.session() as session:
        return await account_view(session, viewer)


def today_in(account: AccountView, now_ms: int) -> Any:
    """Return the account's local day."""
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(account.timezone)).date()


def page(key: str, account: AccountView, title: str, **context: Any) -> Template:
    """Return a page of a member: ``key`` names its template and its place in the menu.

    Raises:
        ReteamzError: ``forbidden`` for an employee unless the menu or this module's list says that the page is theirs too.
    """
    if account.role == "employee" and key not in EMPLOYEES_PAGES:
        raise ReteamzError("forbidden", "This page is for owners and managers; your own day is under “My day”.")
    allowed = [
        (word, [entry for entry in entries if entry.is_for(account.role, account.rights)]) for word, entries in MENU
    ]
    menu = [(word, entries) for word, entries in allowed if entries]
    return Template(
        f"{context.pop('template', key)}.html",
        context={"key": key, "title": title, "account": account, "menu": menu, **context},
    )


def filtered(choice: Choice, lists: Lists, path: str) -> dict[str, Any]:
    """Return what the filter bar needs."""
    return {"choice": choice, "lists": lists, "path": path, "presets": PRESETS}
