"""What the reports of ratings answer. Durations are milliseconds of active and meeting time; idle time has no rating."""

import msgspec

from reteamz.server.reports.types import RankedRow


class Rated(msgspec.Struct, kw_only=True):
    """Milliseconds by rating. `tracked` is their sum; productivity = productive ÷ tracked, coverage = (tracked −
    uncategorised) ÷ tracked, both 0 without time.
    """

    productive: int = 0
    neutral: int = 0
    unproductive: int = 0
    uncategorised: int = 0
    tracked: int = 0
    productivity: float = 0.0
    coverage: float = 0.0


class RatedDay(msgspec.Struct, kw_only=True):
    """One local day of a range; days without events are there, with zeros."""

    day: str
    rated: Rated


class RatedPerson(msgspec.Struct, kw_only=True):
    """One person's time by rating; id 0 stands for events without a person."""

    id: int
    name: str
    rated: Rated


class Productivity(msgspec.Struct, kw_only=True):
    """Time by rating: totals with the period of equal length before, days, people by tracked time, and the names that
    hold the longest time without a rating.
    """

    first: str
    last: str
    previous_first: str
    previous_last: str
    totals: Rated
    previous: Rated
    days: list[RatedDay]
    people: list[RatedPerson]
    unrated: list[RankedRow]
