"""``GET /api/looks``."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.looks.keep import Looks
from reteamz.server.looks.read import looks_for
from reteamz.server.store.control import ControlStore
from reteamz.wire.members import Looks as LooksView


@get("/api/looks")
async def looks(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    looks: NamedDependency[Looks],
    since: Annotated[date, QueryParameter(name="since", description="First day, YYYY-MM-DD")],
) -> LooksView:
    """Return who looked since a day: at oneself for an employee, at everybody for the owner."""
    await looks.flush()
    async with control.session() as session:
        return await looks_for(session, viewer, since)


handlers = [looks]
