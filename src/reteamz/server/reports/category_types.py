"""What the report of categories answers."""

import msgspec

from reteamz.server.reports.rated_types import Rated


class CategoryRow(msgspec.Struct, kw_only=True):
    """A category with its time, that of the categories below it included.

    `id` 0 is time that no rule puts anywhere. `name` is a label; `rating` what follows from the tree for the whole account, spec 9.2.
    `own_ms` is time that is in none of the categories below. `people` counts those who have time here; `share` is of all time.
    """

    id: int
    parent: int | None
    depth: int
    name: str
    rating: int | None
    rated: Rated
    own_ms: int
    previous_ms: int
    people: int
    share: float


class Categories(msgspec.Struct, kw_only=True):
    """Time by category: the tree, parents first, the longest of a level first, then what is in no category.

    `newest` is the version of the newest rules, `applied` of those that this report follows; they differ while nobody has evaluated the newest.
    """

    first: str
    last: str
    previous_first: str
    previous_last: str
    newest: int
    applied: int
    total_ms: int
    rows: list[CategoryRow]
