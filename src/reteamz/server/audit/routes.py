"""``GET /api/audit``."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.audit.record import page_of
from reteamz.server.store.control import ControlStore
from reteamz.wire.accounts import AuditPage


@get("/api/audit")
async def audit(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    page: Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)] = 1,
) -> AuditPage:
    """Return a page of the audit log, newest first; for the owner."""
    viewer.require_owner()
    async with control.session() as session:
        return await page_of(session, viewer.account, page)


handlers = [audit]
