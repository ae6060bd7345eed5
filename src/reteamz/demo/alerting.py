"""What the owner of the simulated company wants to be told; the server looks by itself, as in every company."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reteamz.demo.company import UNPRODUCTIVE
from reteamz.owner.client import Owner
from reteamz.wire.alerts import AlertRuleMade, AlertRulePut, FirstUse, Gap, Kind, Late, RatingTime, Silent

NEW: Final = "An application nobody used before"
PRIVATE_MINUTES: Final = 10
LATE_MINUTES: Final = 10
FROM_THE_MIDDLE: Final[dict[str, Kind]] = {NEW: FirstUse(field="app")}
"""Entered when half of the people have reported: what only the others use is new then."""
AT_THE_END: Final[dict[str, Kind]] = {
    "Private sites for long": RatingTime(rating=UNPRODUCTIVE, amount=PRIVATE_MINUTES),
    "Began late": Late(minutes=LATE_MINUTES),
    "A computer is silent": Silent(hours=72),
    "Records are lost": Gap(),
}


def enter(owner: Owner, rules: dict[str, Kind]) -> None:
    """Enter rules for the whole company; the server sees their names as tokens."""
    for name, kind in rules.items():
        put = AlertRulePut(name=owner.entry("label", name), kind=kind)
        owner.connection.post("/api/alert-rules", put, AlertRuleMade)


def canaries() -> Iterable[str]:
    """Return the names of the rules."""
    return (*FROM_THE_MIDDLE, *AT_THE_END)
