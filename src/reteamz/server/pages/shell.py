"""What every page of a member shows around its content."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.settings import account_view
from reteamz.server.devices.lists import devices_of
from reteamz.server.pages.filterbar import PRESETS, Choice
from reteamz.server.people.placing import departments_of, people_of
from reteamz.server.people.routes import PERSONS_MOST
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.wire.accounts import AccountView, DepartmentView, DeviceView, PersonView
from reteamz.wire.batch import Head

MENU: Final = (
    ("overview", "/", "Overview", "layout-dashboard", False),
    ("live", "/live", "Live", "activity", False),
    ("timeline", "/timeline", "Timeline", "timeline", False),
    ("attendance", "/attendance", "Attendance", "calendar", False),
    ("apps", "/apps", "Applications", "apps", False),
    ("sites", "/sites", "Sites", "world", False),
    ("titles", "/titles", "Titles", "app-window", False),
    ("documents", "/documents", "Documents", "file-text", False),
    ("productivity", "/productivity", "Productivity", "trending-up", False),
    ("people", "/people", "People", "users", False),
    ("log", "/log", "Log", "list-details", False),
    ("devices", "/devices", "Devices", "device-desktop", True),
    ("audit", "/audit", "Audit", "shield-check", True),
)
"""Key, address, word, icon, whether it is the owner's alone."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What the filter bar offers."""

    persons: list[PersonView]
    departments: list[DepartmentView]
    devices: list[DeviceView]
    names: list[str]
    """Entries of the names that are chosen."""

    def computers(self) -> dict[str, str]:
        """Return the name of every computer that told one."""
        return {device.id: device.computer for device in self.devices if device.computer}


async def lists_of(control: ControlStore, activity: ActivityStore, viewer: Viewer, names: Sequence[int]) -> Lists:
    """Return people, departments and, for an owner, devices. Raises ``forbidden`` for employees."""
    persons = await asyncio.to_thread(activity.entries, viewer.account, "person", 0, PERSONS_MOST)
    async with control.session() as session:
        devices = []
        if viewer.role == "owner":
            devices = await devices_of(session, viewer.account, {}, lambda _: Head(0, ""))
        people, departments = await people_of(session, viewer, persons), await departments_of(session, viewer)
    return Lists(people, departments, devices, [activity.name(viewer.account, name) for name in names])


async def account_of(control: ControlStore, viewer: Viewer) -> AccountView:
    """Return the viewer's account."""
    async with control.session() as session:
        return await account_view(session, viewer)


def today_in(account: AccountView, now_ms: int) -> Any:
    """Return the account's local day."""
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(account.timezone)).date()


def page(key: str, account: AccountView, title: str, **context: Any) -> Template:
    """Return a page of a member: ``key`` names its template and its place in the menu."""
    menu = [entry for entry in MENU if account.role == "owner" or not entry[4]]
    return Template(
        f"{context.pop('template', key)}.html",
        context={"key": key, "title": title, "account": account, "menu": menu, **context},
    )


def filtered(choice: Choice, lists: Lists, path: str) -> dict[str, Any]:
    """Return what the filter bar needs."""
    return {"choice": choice, "lists": lists, "path": path, "presets": PRESETS}
