"""Takes verdicts from browsers, and brings a version of the rules into force once everything was evaluated.

A version counts from the moment at which every name that was known at its start has its verdict. Until then reports follow the
version before as a whole: a report of half the new rules and half the old ones would be wrong without saying so.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.audit.record import record
from reteamz.server.verdicts.judgement import judgement_of
from reteamz.server.verdicts.tables import Judging, Verdicts
from reteamz.server.verdicts.versions import newest_version, rule_set
from reteamz.wire.errors import ReteamzError
from reteamz.wire.rules import epoch_of
from reteamz.wire.tokens import field_of
from reteamz.wire.verdicts import VerdictsPut, VerdictsState

RATED: Final = ("app", "site", "title", "url", "doc")
"""Fields whose names rules and ratings speak of."""
STEP_MOST: Final = 100_000
"""Most names that one message judges: ids leave gaps where names met."""


async def state_of(session: AsyncSession, viewer: Viewer, last: int) -> VerdictsState:
    """Return how far the newest rules were evaluated; ``last`` is the newest id of the dictionary. Raises ``forbidden``."""
    if viewer.role not in ("owner", "manager"):
        raise ReteamzError("forbidden", "Rules are for owners and managers; ask the owner of the account.")
    newest = await newest_version(session, viewer.account)
    row = await session.get(Judging, (viewer.account, newest))
    judgement = await judgement_of(session, viewer.account)
    rules = await rule_set(session, viewer.account, newest)
    account = await session.get_one(Account, viewer.account)
    stale = rules is not None and epoch_of(rules) not in (None, account.epoch)
    if row is None:
        return VerdictsState(newest, judgement.applied, 0, last, last, stale)
    return VerdictsState(newest, judgement.applied, row.judged, row.target, last, stale)


async def put_verdicts(
    session: AsyncSession, viewer: Viewer, put: VerdictsPut, entry_of: Callable[[int], str], last: int, now: int
) -> None:
    """Store the next verdicts; what was judged before stays as it is.

    Args:
        session: of the control database.
        viewer: who evaluated the rules.
        put: what they found.
        entry_of: dictionary id → entry text.
        last: newest id of the dictionary.
        now: in milliseconds.

    Raises:
        ReteamzError: ``forbidden``; ``rules_conflict`` when the rules are not the newest or names in between are missing;
            ``input_invalid``.
    """
    if viewer.role != "owner" and not viewer.rights & {"ratings", "settings"}:
        raise ReteamzError("forbidden", "You do not have this right; ask the owner of the account.")
    newest = await newest_version(session, viewer.account)
    row = await session.get(Judging, (viewer.account, put.version))
    judged = 0 if row is None else row.judged
    rules = await rule_set(session, viewer.account, newest)
    if rules is None or put.version != newest or put.after > judged:
        raise _conflict()
    _check(put, entry_of, last, len(rules.rules))
    if row is None:
        row = Judging(account=viewer.account, version=newest, judged=0, target=last, applied=False)
        session.add(row)
    if put.judged > judged:
        ranks = np.zeros(put.judged - judged, dtype="<u2")
        for name, rank in put.verdicts:
            if name > judged:
                ranks[name - judged - 1] = rank
        fields = " ".join(sorted({field_of(entry_of(name)) for name, _ in put.verdicts}))
        session.add(
            Verdicts(account=viewer.account, version=newest, first=judged + 1, fields=fields, ranks=ranks.tobytes())
        )
        row.judged = put.judged
    # Written first: whoever judges the same names at the same time fails here.
    try:
        await session.flush()
    except IntegrityError:
        raise _conflict() from None
    if not row.applied and row.judged >= min(row.target, last):
        row.applied = True
        for table in (Judging, Verdicts):
            await session.execute(delete(table).where(table.account == viewer.account, table.version != newest))
        record(session, now, viewer.account, viewer.member, "rules_applied", str(newest))


def _check(put: VerdictsPut, entry_of: Callable[[int], str], last: int, rules: int) -> None:
    names = [name for name, _ in put.verdicts]
    if not (
        put.after <= put.judged <= min(last, put.after + STEP_MOST)
        and all(put.after < name <= put.judged for name in names)
        and all(earlier < later for earlier, later in pairwise(names))
        and all(rank <= rules for _, rank in put.verdicts)
        and all(field_of(entry_of(name)) in RATED for name in names)
    ):
        raise ReteamzError("input_invalid", "The verdicts do not fit names and rules; load the page again.")


def _conflict() -> ReteamzError:
    return ReteamzError("rules_conflict", "The rules were changed or judged somewhere else; load the page again.")
