"""Local times around the days on which clocks change, in two zones."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.server.alerts.scene import HOUR_MS, MINUTE_MS, Scene, utc
from tests.server.company import Owner, Site

from reteamz.server.alerts.moments import Seen, local, quiet_until

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


@pytest.mark.parametrize(
    ("now", "seen", "expected"),
    [
        # Summer time ended in the night: the computer told the old offset on Friday.
        ("2025-10-27 08:00", (120, "2025-10-24 15:00"), "2025-10-27 09:00"),
        ("2025-10-27 08:00", (60, "2025-10-27 07:30"), "2025-10-27 09:00"),
        # It began: nobody is missed an hour too soon before their computer told.
        ("2025-03-31 07:00", (60, "2025-03-28 15:00"), "2025-03-31 08:00"),
        ("2025-03-31 07:00", (120, "2025-03-31 06:30"), "2025-03-31 09:00"),
        # A person in New York, whose clocks change a week later than those of the account.
        ("2025-10-27 13:00", (-240, "2025-10-24 15:00"), "2025-10-27 08:00"),
        ("2025-10-27 13:00", (-240, "2025-10-27 12:30"), "2025-10-27 09:00"),
        ("2025-10-27 08:00", None, "2025-10-27 09:00"),
    ],
)
def test_the_time_that_a_computer_shows(now: str, seen: tuple[int, str] | None, expected: str) -> None:
    last = None if seen is None else Seen(seen[0], utc(seen[1]))
    assert local(utc(now), BERLIN, last) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("now", "quiet", "expected"),
    [
        ("2025-10-09 12:00", [1320, 420], "2025-10-09 12:00"),
        ("2025-10-09 20:00", [1320, 420], "2025-10-10 05:00"),
        ("2025-10-09 19:59", [1320, 420], "2025-10-09 19:59"),
        ("2025-10-10 04:59", [1320, 420], "2025-10-10 05:00"),
        ("2025-10-10 05:00", [1320, 420], "2025-10-10 05:00"),
        ("2025-10-09 10:30", [720, 780], "2025-10-09 11:00"),
        ("2025-10-09 10:30", [720, 720], "2025-10-09 10:30"),
        # The night on Sunday is an hour longer in October, and one shorter in March.
        ("2025-10-25 21:00", [1320, 420], "2025-10-26 06:00"),
        ("2025-03-29 22:00", [1320, 420], "2025-03-30 05:00"),
        # Half past two comes twice, then not at all.
        ("2025-10-26 00:10", [0, 150], "2025-10-26 00:30"),
        ("2025-10-26 01:10", [0, 150], "2025-10-26 01:30"),
        ("2025-03-30 00:10", [0, 150], "2025-03-30 01:30"),
    ],
)
def test_quiet_hours_end(now: str, quiet: list[int], expected: str) -> None:
    assert quiet_until(utc(now), BERLIN, quiet) == utc(expected)


def monday(scene: Scene, arrival: str, offset: int) -> None:
    scene.site.clock.ms = utc(arrival) + 30_000
    scene.tell("ann", utc(arrival), MINUTE_MS, app="mail", offset=offset)


@pytest.mark.parametrize(
    ("zone", "before", "offset", "arrival", "offset_then", "due"),
    [
        (BERLIN, "2025-10-24 07:00", 120, "2025-10-27 08:20", 60, "2025-10-27 08:30"),
        (NEW_YORK, "2025-10-31 13:00", -240, "2025-11-03 14:20", -300, "2025-11-03 14:30"),
    ],
)
@pytest.mark.parametrize("comes", [True, False])
def test_on_the_monday_after_clocks_changed_nobody_is_missed_too_soon(
    site: Site, zone: str, before: str, offset: int, arrival: str, offset_then: int, due: str, comes: bool
) -> None:
    site.clock.ms = utc(before)
    account = Owner("acme")
    assert site.call("POST", "/api/signup", account.signup(timezone=zone)).status_code == 201
    scene = Scene(site, account)
    scene.schedule()
    scene.tell("ann", utc(before) - HOUR_MS, MINUTE_MS, app="mail", offset=offset)
    scene.rule("absent", minutes=30)
    assert scene.turn() == []
    assert scene.turn(utc(due) - HOUR_MS + 3 * MINUTE_MS) == [], "half past nine of summer time"
    if comes:
        monday(scene, arrival, offset_then)
    rows = scene.turn(utc(due) + 3 * MINUTE_MS)
    assert [row["kind"] for row in rows] == ([] if comes else ["absent"])


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_day_of_25_hours_is_one_day(site: Site, zone: str) -> None:
    """Time on a name adds up over the hour that comes twice, and lateness is read from the wall clock."""
    day, change, summer = {
        BERLIN: ("2025-10-26", utc("2025-10-26 01:00"), 120),
        NEW_YORK: ("2025-11-02", utc("2025-11-02 06:00"), -240),
    }[zone]
    midnight = utc(f"{day} 00:00") - summer * MINUTE_MS
    site.clock.ms = midnight
    account = Owner("acme")
    assert site.call("POST", "/api/signup", account.signup(timezone=zone)).status_code == 201
    scene = Scene(site, account)
    scene.tell("ann", midnight, 1, app="mail", offset=summer)
    scene.rule("name", name=scene.id("app", "mail"), amount=24 * 60)
    site.clock.ms = midnight + 25 * HOUR_MS
    scene.tell("ann", midnight + 1, change - midnight - 1, app="mail", offset=summer)
    scene.tell("ann", change, midnight + 24 * HOUR_MS - change, app="mail", offset=summer - 60)
    assert scene.found() == []
    scene.tell("ann", midnight + 24 * HOUR_MS, HOUR_MS, app="mail", offset=summer - 60)
    assert scene.found() == [("name", day, 25 * HOUR_MS, 24 * HOUR_MS)]
