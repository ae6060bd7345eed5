"""``/api/mailings``."""

from __future__ import annotations

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.limiter import Limiter
from reteamz.server.mailings import keep
from reteamz.server.mailings.send import Mailings
from reteamz.server.people.placing import require_departments
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.errors import ReteamzError
from reteamz.wire.mailings import MailingPut, MailingView

Control = NamedDependency[ControlStore]


@get("/api/mailings")
async def mailings(viewer: NamedDependency[Viewer], control: Control) -> list[MailingView]:
    """Return the reports that are mailed to the viewer, for an owner those of everybody."""
    async with control.session() as session:
        return await keep.mailing_views(session, viewer)


@post("/api/mailings", status_code=201)
async def add_mailing(
    data: JSONBody[MailingPut], viewer: NamedDependency[Viewer], control: Control, now: NamedDependency[Now]
) -> MailingView:
    """Let a report be mailed to the viewer's own address."""
    viewer.require_manager()
    await require_departments(control, viewer, [data.department] if data.department else [], now())
    async with control.session() as session:
        made = await keep.add_mailing(session, viewer, data, now())
        await session.flush()
        return keep.view_of(await keep.mailing_views(session, viewer), made)


@put("/api/mailings/{mailing:str}")
async def change_mailing(
    mailing: FromPath[str],
    data: JSONBody[MailingPut],
    viewer: NamedDependency[Viewer],
    control: Control,
    now: NamedDependency[Now],
) -> MailingView:
    """Put another one in the place of one; changed, or switched on again, it is due from now on."""
    await keep.require_mailing(control, viewer, mailing, now())
    await require_departments(control, viewer, [data.department] if data.department else [], now())
    async with control.session() as session:
        await keep.change_mailing(session, viewer, mailing, data, now())
        await session.flush()
        return keep.view_of(await keep.mailing_views(session, viewer), mailing)


@delete("/api/mailings/{mailing:str}")
async def remove_mailing(
    mailing: FromPath[str], viewer: NamedDependency[Viewer], control: Control, now: NamedDependency[Now]
) -> None:
    """Remove one."""
    await keep.require_mailing(control, viewer, mailing, now())
    async with control.session() as session:
        await keep.remove_mailing(session, viewer, mailing, now())


@post("/api/mailings/{mailing:str}/send", status_code=204)
async def send_now(
    mailing: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: Control,
    mailings: NamedDependency[Mailings],
    sendings: NamedDependency[Limiter],
    now: NamedDependency[Now],
) -> None:
    """Mail the newest report of one now; the next one comes when it is due all the same."""
    row = await keep.require_mailing(control, viewer, mailing, now())
    if row.member != viewer.member:
        raise ReteamzError("forbidden", "Only who receives a report sends one now; make one of your own.")
    sendings.take(viewer.member, now())
    await mailings.send_now(row)


handlers = [mailings, add_mailing, change_mailing, remove_mailing, send_now]
