"""Messages about verdicts: which rule decides which name, as a browser found with the key (spec 12.8)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from reteamz.wire import limits
from reteamz.wire.encoding import Count

NameId = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
VERDICTS: Final = 10_000
"""Most verdicts in one message."""
Rank = Annotated[int, msgspec.Meta(ge=1, le=limits.RULES)]


class VerdictsPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Verdicts of the names with ids above ``after``, up to ``judged``: pairs of id and rank, ascending; those left out match no rule.

    ``version`` is the rule set that was evaluated, which must be the newest.
    """

    version: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    after: Count
    judged: Count
    verdicts: Annotated[list[tuple[NameId, Rank]], msgspec.Meta(max_length=VERDICTS)]


class VerdictsState(msgspec.Struct, frozen=True):
    """How far the newest rule set was evaluated.

    Attributes:
        newest: version of the newest rule set, 0 for none.
        applied: version that reports follow, 0 for none; older than ``newest`` while that one is being evaluated.
        judged: names up to this id were evaluated under the newest version.
        target: where the newest version comes into force.
        last: newest id of the dictionary.
        stale: whether the newest rules have to be signed again: they are readable, or of an epoch before.
    """

    newest: int
    applied: int
    judged: int
    target: int
    last: int
    stale: bool
