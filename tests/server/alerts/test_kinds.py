"""Every kind of rule, at its boundary and one step beside it."""

from __future__ import annotations

import pytest
from tests.server.alerts.scene import ACTIVE, HOUR_MS, IDLE, LOCKED, MEETING, MINUTE_MS, PRIVATE, Scene, utc
from tests.server.company import Computer

MORNING = utc("2025-10-09 07:00")
"""Nine o'clock in Berlin."""
NOW = utc("2025-10-09 08:53:20")
DAY = "2025-10-09"


@pytest.mark.parametrize(("beside", "expected"), [(0, 0), (1, 1)])
def test_more_time_on_a_name_than_allowed(scene: Scene, beside: int, expected: int) -> None:
    scene.tell("ann", MORNING, 10 * MINUTE_MS, app="mail")
    scene.rule("name", name=scene.id("app", "mail"), amount=60)
    assert scene.found() == []
    scene.tell("ann", MORNING + 10 * MINUTE_MS, 50 * MINUTE_MS + beside, app="mail", title="inbox")
    scene.tell("ann", MORNING + HOUR_MS + 1, HOUR_MS, app="writer")
    scene.tell("bob", MORNING, HOUR_MS, app="mail", on="other")
    scene.tell("ann", MORNING, HOUR_MS, app="mail", kind=PRIVATE)
    assert scene.found() == [("name", DAY, HOUR_MS + 1, HOUR_MS)] * expected
    assert scene.found() == [("name", DAY, HOUR_MS + 1, HOUR_MS)] * expected, "once"
    if expected:
        (alert,) = scene.turn()
        assert alert["person_name"] == scene.entry("person", "ann")
        assert alert["entry"] == scene.entry("app", "mail")
        assert alert["link"] == f"/log?from={DAY}&to={DAY}&person={alert['person']}&name={alert['name']}"
        assert (alert["what"], alert["found"], alert["limit"]) == ("Time on", "1 h 00 min", "more than 1 h 00 min")


def test_days_and_people_are_told_apart(scene: Scene) -> None:
    scene.tell("ann", MORNING, 31 * MINUTE_MS, app="mail")
    scene.rule("name", name=scene.id("app", "mail"), amount=30)
    scene.tell("bob", MORNING, 31 * MINUTE_MS, app="mail", on="other")
    scene.turn()
    tomorrow = MORNING + 24 * HOUR_MS
    scene.site.clock.ms = tomorrow + HOUR_MS
    scene.tell("ann", tomorrow, 32 * MINUTE_MS, app="mail")
    assert scene.found() == [
        ("name", DAY, 31 * MINUTE_MS, 30 * MINUTE_MS),
        ("name", DAY, 31 * MINUTE_MS, 30 * MINUTE_MS),
        ("name", "2025-10-10", 32 * MINUTE_MS, 30 * MINUTE_MS),
    ]


@pytest.mark.parametrize(("beside", "expected"), [(0, 0), (1, 1)])
def test_more_time_in_a_rating_than_allowed(scene: Scene, beside: int, expected: int) -> None:
    scene.rule("rating", rating=0, amount=30)
    scene.tell("ann", MORNING, 30 * MINUTE_MS + beside, app="game")
    scene.tell("ann", MORNING + HOUR_MS, HOUR_MS, app="writer")
    assert scene.found() == []
    assert scene.site.call("PUT", f"/api/ratings/{scene.id('app', 'game')}", {"rating": 0}).status_code == 204
    assert scene.found(NOW + MINUTE_MS) == [("rating", DAY, 30 * MINUTE_MS + 1, 30 * MINUTE_MS)] * expected
    told = scene.site.told(f"/api/reports/productivity?from={DAY}&to={DAY}")
    assert told["totals"]["unproductive"] == 30 * MINUTE_MS + beside, "the page says the same"


def test_a_share_counts_once_enough_was_tracked(scene: Scene) -> None:
    scene.rule("rating", rating=0, measure="share", amount=25, least=60)
    scene.tell("ann", MORNING, 15 * MINUTE_MS, app="game", rating=0)
    scene.tell("ann", MORNING + HOUR_MS, 45 * MINUTE_MS - 1, app="writer", rating=2)
    assert scene.found() == [], "a millisecond is missing to an hour"
    scene.tell("ann", MORNING + 2 * HOUR_MS, 1, app="writer", rating=2)
    assert scene.found() == [], "exactly a quarter is not more than a quarter"
    scene.tell("ann", MORNING + 3 * HOUR_MS, 1, app="game", rating=0)
    assert scene.found() == [("rating", DAY, 250, 250)]


@pytest.mark.parametrize(("beside", "expected"), [(0, 0), (-1, 1)])
def test_less_than_expected_is_told_when_the_day_is_over(scene: Scene, beside: int, expected: int) -> None:
    scene.rule("rating", rating=2, side="below", amount=120)
    scene.tell("ann", MORNING, 2 * HOUR_MS + beside, app="writer", rating=2)
    assert scene.found() == []
    over = utc("2025-10-09 23:00")  # one o'clock in Berlin
    assert scene.found(over - 1) == []
    assert scene.found(over + MINUTE_MS) == [("rating", DAY, 2 * HOUR_MS - 1, 2 * HOUR_MS)] * expected
    assert scene.found(over + HOUR_MS) == [("rating", DAY, 2 * HOUR_MS - 1, 2 * HOUR_MS)] * expected


def test_a_new_name_is_told_once_with_its_first_user(scene: Scene) -> None:
    scene.tell("ann", MORNING, MINUTE_MS, app="mail", site="example.com")
    scene.site.clock.ms += 1
    scene.rule("first_use", field="app")
    scene.tell("ann", MORNING, MINUTE_MS, app="mail", site="other.example")
    assert scene.found() == []
    scene.tell("bob", MORNING + MINUTE_MS, MINUTE_MS, app="game")
    scene.tell("ann", MORNING, MINUTE_MS, app="game")
    (alert,) = scene.turn()
    assert (alert["entry"], alert["person_name"]) == (scene.entry("app", "game"), scene.entry("person", "ann"))
    assert alert["what"] == "First use of an application"
    scene.tell("bob", MORNING + HOUR_MS, MINUTE_MS, app="game")
    assert len(scene.turn()) == 1


@pytest.mark.parametrize(("beside", "expected"), [(0, 0), (1, 1)])
def test_idle_too_long_in_working_hours(scene: Scene, beside: int, expected: int) -> None:
    scene.rule("idle", minutes=20)
    scene.tell("ann", MORNING - HOUR_MS, HOUR_MS, kind=IDLE)
    assert scene.found() == [], "nothing is expected of anybody"
    scene.schedule(begin=540, end=600)
    scene.tell("ann", MORNING, 10 * MINUTE_MS, kind=IDLE)
    # Agents tell once a minute: a pause between idle events is no end of idleness.
    scene.tell("ann", MORNING + 10 * MINUTE_MS + 30_000, 9 * MINUTE_MS + 30_000 + beside, kind=IDLE)
    scene.tell("ann", MORNING + 25 * MINUTE_MS, MINUTE_MS, app="mail")
    scene.tell("ann", MORNING + 26 * MINUTE_MS, 19 * MINUTE_MS, kind=IDLE)
    scene.tell("ann", MORNING + 46 * MINUTE_MS + 1, 19 * MINUTE_MS, kind=IDLE)
    assert scene.found(NOW + MINUTE_MS) == [("idle", DAY, 20 * MINUTE_MS + 1, 20 * MINUTE_MS)] * expected


def test_idle_is_not_who_works_at_another_computer(scene: Scene) -> None:
    scene.schedule()
    scene.rule("idle", minutes=20)
    scene.tell("ann", MORNING, HOUR_MS, kind=IDLE)
    scene.turn()
    scene.tell("bob", MORNING, HOUR_MS, kind=IDLE)
    scene.tell("bob", MORNING + 15 * MINUTE_MS, 30 * MINUTE_MS, kind=MEETING, on="other")
    scene.tell("cec", MORNING, HOUR_MS, kind=LOCKED)
    assert [row["person_name"] for row in scene.turn()] == [scene.entry("person", "ann")]


@pytest.mark.parametrize(("late", "expected"), [(-MINUTE_MS, 0), (0, 0), (1, 1), (MINUTE_MS, 1)])
def test_late_beyond_grace(scene: Scene, late: int, expected: int) -> None:
    scene.schedule(grace=10)
    scene.rule("late", minutes=5)
    scene.tell("ann", MORNING, 10 * MINUTE_MS, kind=IDLE)
    scene.tell("ann", MORNING + 15 * MINUTE_MS + late, MINUTE_MS, app="mail")
    scene.tell("ann", MORNING + HOUR_MS, MINUTE_MS, app="mail")
    at = 9 * HOUR_MS + 15 * MINUTE_MS
    assert scene.found() == [("late", DAY, at + late, at)] * expected
    if expected:
        assert scene.turn()[0]["limit"] == "after 09:15"


@pytest.mark.parametrize(("beside", "expected"), [(0, 0), (1, 1)])
def test_overtime(scene: Scene, beside: int, expected: int) -> None:
    scene.schedule(begin=540, end=600, pause=0)
    scene.rule("overtime", minutes=15)
    scene.tell("ann", MORNING, 40 * MINUTE_MS, app="mail")
    scene.tell("ann", MORNING + HOUR_MS, 20 * MINUTE_MS, kind=MEETING)
    scene.tell("ann", MORNING + 2 * HOUR_MS, 15 * MINUTE_MS + beside, kind=IDLE)
    scene.tell("ann", MORNING + 3 * HOUR_MS, HOUR_MS, kind=LOCKED)
    assert scene.found() == [("overtime", DAY, 15 * MINUTE_MS + 1, 15 * MINUTE_MS)] * expected


def test_work_on_a_day_off_is_overtime(scene: Scene) -> None:
    scene.schedule()
    scene.site.clock.ms = utc("2025-10-11 10:00")
    scene.rule("overtime", minutes=15)
    scene.tell("ann", utc("2025-10-11 09:00"), 20 * MINUTE_MS, app="mail")
    assert scene.found() == [("overtime", "2025-10-11", 20 * MINUTE_MS, 15 * MINUTE_MS)]


@pytest.mark.parametrize(("first", "expected"), [(29, 0), (30, 0), (31, 1), (None, 1)])
def test_absent(scene: Scene, first: int | None, expected: int) -> None:
    scene.tell("ann", MORNING, MINUTE_MS, app="mail")
    scene.rule("absent", minutes=30)
    tomorrow = MORNING + 24 * HOUR_MS
    assert scene.found(tomorrow + 2 * HOUR_MS) == [], "nothing is expected of anybody"
    scene.schedule()
    assert scene.found(tomorrow + 3 * HOUR_MS) != [], "the schedule speaks of this morning too"
    monday = MORNING + 4 * 24 * HOUR_MS
    if first is not None:
        scene.site.clock.ms = monday + first * MINUTE_MS
        scene.tell("ann", monday + first * MINUTE_MS, MINUTE_MS, app="mail")
    # It is asked two minutes later: what happened at the last moment has to arrive.
    before = [row for row in scene.turn(monday + 32 * MINUTE_MS - 1) if row["day"] == "2025-10-13"]
    assert before == []
    rows = [row for row in scene.turn(monday + 33 * MINUTE_MS) if row["day"] == "2025-10-13"]
    assert [(row["kind"], row["threshold"]) for row in rows] == [("absent", 570 * MINUTE_MS)] * expected


def test_nobody_is_missed_on_days_off_or_after_a_month(scene: Scene) -> None:
    scene.schedule()
    scene.tell("ann", MORNING, MINUTE_MS, app="mail")
    scene.rule("absent", minutes=30)
    friday = MORNING + 24 * HOUR_MS
    absence = {"person": scene.id("person", "ann"), "first": "2025-10-10", "last": "2025-10-10", "kind": "vacation"}
    assert scene.site.call("POST", "/api/absences", absence).status_code == 201
    assert scene.found(friday + 3 * HOUR_MS) == []
    assert scene.found(friday + 27 * HOUR_MS) == [], "Saturday"
    assert [day for _, day, _, _ in scene.found(friday + 75 * HOUR_MS)] == ["2025-10-13"], "Monday"
    scene.site.clock.ms = MORNING + 33 * 24 * HOUR_MS
    scene.owner.log_in(scene.site)
    later = len(scene.turn(MORNING + 33 * 24 * HOUR_MS))
    assert len(scene.turn(MORNING + 34 * 24 * HOUR_MS)) == later, "who left is missed no more"


@pytest.mark.parametrize(("beside", "expected"), [(0, 0), (1, 1)])
def test_a_computer_falls_silent_each_time_it_does(scene: Scene, beside: int, expected: int) -> None:
    computer = scene.computer()
    assert computer.poll(scene.site).status_code == 200
    heard = scene.site.clock.ms
    scene.rule("silent", hours=4)
    assert len(scene.turn(heard + 4 * HOUR_MS + beside)) == expected
    assert len(scene.turn(heard + 5 * HOUR_MS)) == 1, "one silence, one alert"
    assert computer.poll(scene.site).status_code == 200
    rows = scene.turn(heard + 10 * HOUR_MS)
    assert [row["device"] for row in rows] == [computer.id, computer.id]
    assert rows[0]["link"] == "/devices"


def test_a_computer_waits_for_its_confirmation(scene: Scene) -> None:
    waiting = Computer(scene.owner, "new")
    assert waiting.enroll(scene.site, scene.owner.make_ticket(scene.site)).status_code == 200
    since = scene.site.clock.ms
    scene.rule("unconfirmed", minutes=10)
    assert scene.found(since + 10 * MINUTE_MS) == []
    assert scene.found(since + 11 * MINUTE_MS) == [("unconfirmed", DAY, 11 * MINUTE_MS, 10 * MINUTE_MS)]
    scene.owner.confirm(scene.site, waiting)
    assert len(scene.turn(since + HOUR_MS)) == 1


def test_a_chain_that_forks_and_one_with_a_gap(scene: Scene) -> None:
    scene.rule("fork")
    scene.rule("gap")
    computer = scene.computer()
    first = computer.sign(computer.batch())
    forked = computer.sign(computer.batch(policy=1))
    assert scene.site.post_batch(first).status_code == 200
    assert scene.site.post_batch(forked).status_code == 409
    computer.follow(first)
    assert [row["what"] for row in scene.turn(NOW + MINUTE_MS)] == ["Chain fork"]
    restart = {
        "v": 1, "account": computer.account, "device": computer.id, "seq": 5, "prev": "B" * 42 + "A",
        "mode": "restart", "lost": {"after": 1, "sha256": first.sha256},
    }  # fmt: skip
    assert scene.site.post_batch(computer.follow(computer.sign(restart))).status_code == 200
    rows = scene.turn(NOW + 2 * MINUTE_MS)
    assert [(row["kind"], row["value"]) for row in rows] == [("gap", 5), ("fork", 1)]
    assert rows[0]["found"] == "batches before number 5 are lost"


def test_a_rule_speaks_of_what_happens_from_then_on(scene: Scene) -> None:
    yesterday = MORNING - 24 * HOUR_MS
    scene.tell("ann", yesterday, 2 * HOUR_MS, app="mail")
    scene.tell("ann", MORNING, 2 * HOUR_MS, app="mail", kind=ACTIVE)
    made = scene.rule("name", name=scene.id("app", "mail"), amount=60)
    assert [day for _, day, _, _ in scene.found()] == [DAY], "today as a whole, no day before"
    body = scene.body("name", name=scene.id("app", "mail"), amount=90)
    scene.site.clock.ms += 1
    assert scene.site.call("PUT", f"/api/alert-rules/{made}", body).status_code == 200
    assert [threshold for _, _, _, threshold in scene.found()] == [60 * MINUTE_MS, 90 * MINUTE_MS]
    assert scene.site.call("PUT", f"/api/alert-rules/{made}", body | {"enabled": False}).status_code == 200
    scene.tell("bob", MORNING, 2 * HOUR_MS, app="mail")
    assert len(scene.turn()) == 2, "switched off"
