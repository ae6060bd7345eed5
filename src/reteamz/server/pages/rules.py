"""The page of categories and rules: the tree as it is stored; the browser that has the keys makes the editor of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.pages.shell import account_of, page
from reteamz.server.people.placing import departments_of
from reteamz.server.store.control import ControlStore
from reteamz.server.verdicts.judgement import judgement_of
from reteamz.server.verdicts.versions import newest_version, rule_set
from reteamz.wire.errors import ReteamzError
from reteamz.wire.rules import RuleSet, category_ratings, depths


@dataclass(frozen=True, slots=True)
class Row:
    """A category of the tree; ``rating`` with what it takes from above."""

    name: str
    depth: int
    rating: int | None
    rules: int


@get("/rules")
async def rules(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> Template:
    """Categories, their ratings and rules."""
    if viewer.role not in ("owner", "manager"):
        raise ReteamzError("forbidden", "Rules are for owners and managers; ask the owner of the account.")
    account = await account_of(control, viewer)
    async with control.session() as session:
        newest = await newest_version(session, viewer.account)
        found = await rule_set(session, viewer.account, newest)
        judgement = await judgement_of(session, viewer.account)
        departments = await departments_of(session, viewer)
    return page(
        "rules",
        account,
        "Categories & rules",
        rows=[] if found is None else rows_of(found),
        rules=0 if found is None else len(found.rules),
        waiting=judgement.waiting,
        departments=departments,
        may_edit=viewer.role == "owner" or "settings" in viewer.rights,
    )


def rows_of(found: RuleSet) -> list[Row]:
    """Return the tree in the order of its branches."""
    ratings, deep = category_ratings(found), depths(found)
    counts = Counter(rule.category for rule in found.rules)
    below: dict[int | None, list[int]] = {}
    names = {category.id: category.name for category in found.categories}
    for category in found.categories:
        below.setdefault(category.parent, []).append(category.id)
    waiting, order = list(reversed(below.get(None, []))), []
    while waiting:
        category_id = waiting.pop()
        order.append(category_id)
        waiting += reversed(below.get(category_id, []))
    return [Row(names[one], deep[one], ratings[one], counts[one]) for one in order]


handlers = [rules]
