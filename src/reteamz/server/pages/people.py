"""Page of people and departments, and of the account's members."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.members.invite import invitations_of
from reteamz.server.members.lists import members_of
from reteamz.server.pages.reports import ROWS_BY_NAME, Asked, Page
from reteamz.server.pages.shell import filtered, page
from reteamz.server.reports import queries
from reteamz.server.store.control import ControlStore


@get("/people")
async def people(
    asked: NamedDependency[Asked],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    number: Page = 1,
) -> Template:
    """Time of each person, departments, members."""
    report = await asked.made(queries.people, number, ROWS_BY_NAME)
    placed = {person.id: person.department for person in asked.lists.persons}
    return page(
        "people",
        asked.account,
        "People",
        report=report,
        placed=placed,
        **await _members(asked, viewer, control),
        **filtered(asked.choice, asked.lists, "/people"),
    )


async def _members(asked: Asked, viewer: Viewer, control: ControlStore) -> dict[str, Any]:
    """Return what the owner sees of members and invitations."""
    if viewer.role != "owner":
        return {"members": [], "invitations": []}
    async with control.session() as session:
        members = await members_of(session, viewer)
        invitations = await invitations_of(session, viewer, asked.now)
    taken = {member.person for member in members if member.state != "removed"}
    return {
        "members": members,
        "invitations": invitations,
        "names": {person.id: person.name for person in asked.lists.persons},
        "labels": {department.id: department.name for department in asked.lists.departments},
        "invitable": [person for person in asked.lists.persons if person.id not in taken],
    }


handlers = [people]
