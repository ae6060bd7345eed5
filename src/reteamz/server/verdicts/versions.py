"""The rule sets of an account, as far as adding up needs them."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.rules.tables import RulesVersion
from reteamz.wire.encoding import b64decode, strict_decode
from reteamz.wire.rules import RuleSet


async def newest_version(session: AsyncSession, account: str) -> int:
    """Return the version of the newest rule set, 0 for none."""
    found = await session.scalar(select(func.max(RulesVersion.version)).where(RulesVersion.account == account))
    return int(found or 0)


async def rule_set(session: AsyncSession, account: str, version: int) -> RuleSet | None:
    """Return what a version says in the open, None for one that is not here (any more)."""
    row = await session.get(RulesVersion, (account, version))
    return read(row.jws) if row is not None else None


@lru_cache(maxsize=64)
def read(jws: str) -> RuleSet:
    """Return the payload of a rule set that was checked when it was stored; every page of a report asks for the same one."""
    return strict_decode(b64decode(jws.split(".")[1]), RuleSet)
