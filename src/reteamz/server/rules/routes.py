"""``/api/rules``: the newest rule set, every version, and the next one."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.rules.sets import post_rules, versions_since
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.rules import RulesHead, RulesPost, RulesVersions


@get("/api/rules")
async def rules(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    since: Annotated[int | None, QueryParameter(name="since", ge=0)] = None,
) -> RulesVersions:
    """Return the newest rule set, or the versions after ``since``, oldest first."""
    async with control.session() as session:
        return await versions_since(session, viewer, since)


@post("/api/rules", status_code=201)
async def next_rules(
    data: JSONBody[RulesPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> RulesHead:
    """Store the next rule set, signed by the member's own settings key (spec 12)."""
    async with control.session() as session:
        return await post_rules(session, viewer, data.rules, now())


handlers = [rules, next_rules]
