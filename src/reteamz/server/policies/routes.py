"""``/api/policies``: the newest policy, every version, and the next one."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.policies.versions import policies_since, post_policy
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.policy import PolicyHead, PolicyPost, PolicyVersions


@get("/api/policies")
async def policies(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    since: Annotated[int | None, QueryParameter(name="since", ge=0)] = None,
) -> PolicyVersions:
    """Return the newest policy, or the versions after ``since``, oldest first; for members with the right ``settings``."""
    async with control.session() as session:
        return await policies_since(session, viewer, since)


@post("/api/policies", status_code=201)
async def next_policy(
    data: JSONBody[PolicyPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> PolicyHead:
    """Store the next policy, signed by the member's own settings key (spec 16)."""
    async with control.session() as session:
        return await post_policy(session, viewer, data.policy, now())


handlers = [policies, next_policy]
