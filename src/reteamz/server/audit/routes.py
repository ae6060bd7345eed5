"""``GET /api/audit``."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.audit.record import page_of
from reteamz.server.store.control import ControlStore
from reteamz.wire.accounts import AuditPage


@get("/api/audit")
async def audit(
    viewer: Viewer, control: ControlStore, page: Annotated[int, Parameter(query="page", ge=1, le=1_000_000)] = 1
) -> AuditPage:
    """Return a page of the audit log, newest first; for the owner."""
    viewer.require_owner()
    async with control.session() as session:
        return await page_of(session, viewer.account, page)


handlers = [audit]
