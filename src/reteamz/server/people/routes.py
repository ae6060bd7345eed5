"""``/api/people`` and ``/api/departments``."""

from __future__ import annotations

import asyncio

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.people import placing
from reteamz.server.people.placing import PERSONS_MOST
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.accounts import DepartmentPost, DepartmentView, PersonPut, PersonView
from reteamz.wire.errors import ReteamzError


@get("/api/people")
async def people(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], activity: NamedDependency[ActivityStore]
) -> list[PersonView]:
    """Return the persons that the viewer may see."""
    persons = await asyncio.to_thread(activity.entries, viewer.account, "person", 0, PERSONS_MOST)
    async with control.session() as session:
        return await placing.people_of(session, viewer, persons)


@put("/api/people/{person:int}", status_code=204)
async def place_person(
    person: FromPath[int],
    data: JSONBody[PersonPut],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    now: NamedDependency[Now],
) -> None:
    """Put a person into a department, or into none."""
    known = await asyncio.to_thread(activity.entries, viewer.account, "person", 0, 1, [person])
    if not known:
        raise ReteamzError("not_found", "There is no such person; load the page again.")
    async with control.session() as session:
        await placing.place(session, viewer, known[0].id, data.department, now())


@get("/api/departments")
async def departments(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> list[DepartmentView]:
    """Return the departments that the viewer may see."""
    async with control.session() as session:
        return await placing.departments_of(session, viewer)


@post("/api/departments", status_code=201)
async def add_department(
    data: JSONBody[DepartmentPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> DepartmentView:
    """Add a department."""
    async with control.session() as session:
        return await placing.add_department(session, viewer, data.name, now())


@put("/api/departments/{department:str}", status_code=204)
async def rename_department(
    department: FromPath[str],
    data: JSONBody[DepartmentPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Give a department another name."""
    async with control.session() as session:
        await placing.rename_department(session, viewer, department, data.name, now())


@delete("/api/departments/{department:str}")
async def remove_department(
    department: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Remove a department."""
    async with control.session() as session:
        await placing.remove_department(session, viewer, department, now())


handlers = [people, place_person, departments, add_department, rename_department, remove_department]
