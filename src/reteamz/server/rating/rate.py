"""Changes ratings, and gathers those that a report needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.audit.record import record
from reteamz.server.people.tables import Department, Placement
from reteamz.server.rating.tables import EVERYWHERE, Rating
from reteamz.server.verdicts.judgement import Judgement, judgement_of
from reteamz.wire.accounts import RatingPut, RatingView
from reteamz.wire.errors import ReteamzError


@dataclass(frozen=True, slots=True)
class Ratings:
    """Explicit ratings of an account.

    Attributes:
        everywhere: dictionary id → rating.
        departments: department → dictionary id → rating; beats ``everywhere``.
        places: dictionary id of a person → department, as far as departments rate names or categories.
        rules: what the rules say of every name.
    """

    everywhere: Mapping[int, int] = field(default_factory=dict)
    departments: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    places: Mapping[int, str] = field(default_factory=dict)
    rules: Judgement = field(default_factory=Judgement)


async def ratings_of(session: AsyncSession, account: str) -> Ratings:
    """Return the ratings of an account: those that somebody gave, and those that follow from its rules."""
    rows = list(await session.scalars(select(Rating).where(Rating.account == account)))
    departments: dict[str, dict[int, int]] = {}
    for row in rows:
        if row.department != EVERYWHERE:
            departments.setdefault(row.department, {})[row.name] = row.rating
    rules = await judgement_of(session, account)
    placed: list[Placement] = []
    if rating := {*departments, *rules.structure.departments}:
        placed = list(
            await session.scalars(
                select(Placement).where(Placement.account == account, Placement.department.in_(rating))
            )
        )
    return Ratings(
        {row.name: row.rating for row in rows if row.department == EVERYWHERE},
        departments,
        {row.person: row.department for row in placed},
        rules,
    )


async def views_of(session: AsyncSession, viewer: Viewer) -> list[RatingView]:
    """Return the ratings that the viewer may see. Raises ``forbidden``."""
    if viewer.role not in ("owner", "manager"):
        raise ReteamzError("forbidden", "Ratings are for owners and managers; ask the owner of the account.")
    rows = await session.scalars(
        select(Rating).where(Rating.account == viewer.account).order_by(Rating.name, Rating.department)
    )
    return [
        RatingView(row.name, row.department or None, row.rating)
        for row in rows
        if viewer.role == "owner" or row.department in ("", *viewer.departments)
    ]


async def rate(session: AsyncSession, viewer: Viewer, name: int, put: RatingPut, now: int) -> None:
    """Rate a name in the account or in a department, or take its rating away; ``now`` in milliseconds.

    Managers with the right ``ratings`` rate in their own departments.

    Raises:
        ReteamzError: ``forbidden``, ``not_found`` for a department that is not there or not theirs.
    """
    viewer.require_right("ratings")
    if put.department is None and viewer.role != "owner":
        raise ReteamzError("forbidden", "What holds in the whole account is rated by its owner; rate in a department.")
    if put.department is not None:
        department = await session.get(Department, put.department)
        theirs = viewer.role == "owner" or put.department in viewer.departments
        if department is None or department.account != viewer.account or not theirs:
            raise ReteamzError("not_found", "There is no such department; load the page again.")
    where = put.department or EVERYWHERE
    row = await session.get(Rating, (viewer.account, where, name))
    if put.rating is None:
        if row is not None:
            await session.delete(row)
    elif row is None:
        session.add(Rating(account=viewer.account, department=where, name=name, rating=put.rating))
    else:
        row.rating = put.rating
    record(session, now, viewer.account, viewer.member, "name_rated", str(name))
