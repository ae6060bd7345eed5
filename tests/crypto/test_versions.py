"""Versions of what is signed as a whole: which one is believed after which, and what somebody who was removed can still do to them."""

from __future__ import annotations

import pytest

from reteamz.crypto.policy import KIND as POLICIES
from reteamz.crypto.rules import KIND as RULES
from reteamz.crypto.versions import Kind
from reteamz.wire.errors import ReteamzError
from reteamz.wire.limits import ORPHANS_MOST
from reteamz.wire.rules import RulesHead


@pytest.mark.parametrize("kind", [RULES, POLICIES])
def test_an_older_one_and_a_second_history_are_refused(kind: Kind) -> None:
    known = RulesHead(3, "C")
    kind.require_following(known, RulesHead(3, "C"), "B")
    kind.require_following(known, RulesHead(4, "D"), "C")
    kind.require_following(known, RulesHead(9, "I"), "H")
    kind.require_following(RulesHead(0, ""), RulesHead(1, "A"), "")
    for head, prev, code in (
        (RulesHead(2, "B"), "A", kind.rollback),
        (RulesHead(3, "X"), "B", kind.fork),
        (RulesHead(4, "D"), "X", kind.fork),
    ):
        with pytest.raises(ReteamzError) as refused:
            kind.require_following(known, head, prev)
        assert refused.value.code == code


@pytest.mark.parametrize("kind", [RULES, POLICIES])
def test_whoever_was_removed_uses_up_no_numbers(kind: Kind) -> None:
    assert not kind.is_orphan("now", ["now"], 10**9)
    assert kind.is_orphan("gone", ["now"], ORPHANS_MOST)
    with pytest.raises(ReteamzError) as refused:
        kind.is_orphan("gone", ["now"], ORPHANS_MOST + 1)
    assert refused.value.code == kind.refused
