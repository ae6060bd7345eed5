"""What reports need of the rules: the rank of every name, and what the ranks mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.verdicts.tables import Judging, Verdicts
from reteamz.server.verdicts.versions import newest_version, rule_set
from reteamz.wire.rules import Category, Rating, RuleSet, category_ratings, ranks

NONE: npt.NDArray[np.uint16] = np.zeros(1, dtype=np.uint16)


@dataclass(frozen=True, slots=True)
class Structure:
    """What a rule set means for adding up; names of categories are labels.

    Attributes:
        categories: the tree, parents first.
        category_of: rank → category; 0 for rank 0, which is none.
        ratings: category → rating, None for none.
        departments: the same for every department that rates a category itself.
    """

    categories: tuple[Category, ...] = ()
    category_of: tuple[int, ...] = (0,)
    ratings: Mapping[int, Rating | None] = field(default_factory=dict)
    departments: Mapping[str, Mapping[int, Rating | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts that are in force.

    Attributes:
        newest, applied: versions of the rules: the newest, and the one that all of this is about; 0 for none.
        judged: names up to this id were evaluated.
        ranks: rank of every name up to there, by id.
        fields: fields of the names that have one.
    """

    newest: int = 0
    applied: int = 0
    judged: int = 0
    ranks: npt.NDArray[np.uint16] = field(default_factory=lambda: NONE)
    fields: frozenset[str] = frozenset()
    structure: Structure = Structure()

    def rating(self, name: int, department: str = "") -> int | None:
        """Return the rating that a name has by its rule alone, in a department or everywhere; None for none."""
        rank = int(self.ranks[name]) if name < len(self.ranks) else 0
        tree = self.structure.departments.get(department, self.structure.ratings)
        return tree.get(self.structure.category_of[rank])

    @property
    def waiting(self) -> bool:
        """Whether newer rules wait for somebody who can evaluate them."""
        return self.newest != self.applied


async def judgement_of(session: AsyncSession, account: str) -> Judgement:
    """Return the verdicts that reports of an account follow."""
    newest = await newest_version(session, account)
    row = await session.scalar(select(Judging).where(Judging.account == account, Judging.applied))
    rules = await rule_set(session, account, row.version) if row is not None else None
    # Readable rules go when encryption makes tokens of them; their verdicts have no meaning then.
    if row is None or rules is None:
        return Judgement(newest)
    found = np.zeros(row.judged + 1, dtype=np.uint16)
    chunks = select(Verdicts).where(Verdicts.account == account, Verdicts.version == row.version)
    fields: set[str] = set()
    for chunk in await session.scalars(chunks):
        fields.update(chunk.fields.split())
        part = np.frombuffer(chunk.ranks, dtype="<u2")
        found[chunk.first : chunk.first + len(part)] = part
    return Judgement(newest, row.version, row.judged, found, frozenset(fields), structure_of(rules))


def structure_of(rules: RuleSet) -> Structure:
    """Return what a rule set means for adding up."""
    departments = {override.department for override in rules.overrides}
    return Structure(
        tuple(rules.categories),
        (0, *(rank.category for rank in ranks(rules))),
        category_ratings(rules),
        {department: category_ratings(rules, department) for department in sorted(departments)},
    )
