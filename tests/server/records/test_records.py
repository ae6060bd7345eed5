"""Lists of sealed records: what batches say, day by day, and nothing of others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.guests import come_in
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.security import POLICY
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.signing import BATCH, signed_bytes

DAY = "2025-10-09"
HOUR = 3_600_000
MIDNIGHT = int(datetime(2025, 10, 8, 22, tzinfo=UTC).timestamp()) * 1000
"""Of that day in Berlin, which is two hours ahead."""


class Recorded:
    """A computer that lists records; every blob has bytes of its own."""

    def __init__(self, site: Site, computer: Computer) -> None:
        self.site, self.computer = site, computer
        self.bytes: dict[str, bytes] = {}

    def says(self, *records: tuple[str, int, str, int], deliver: bool = True) -> list[str]:
        """Send one batch that lists records (kind, time, person, bytes), and the blobs; return their hashes."""
        persons = list(dict.fromkeys(person for _, _, person, _ in records))
        listed: list[dict[str, Any]] = []
        for kind, at, person, size in records:
            blob = os.urandom(size)
            media = {"sound": "audio/flac"}.get(
                kind, "image/webp" if kind in ("screenshot", "camera") else "application/json"
            )
            self.bytes[sha256(blob)] = blob
            listed.append(
                {"sha256": sha256(blob), "bytes": size, "kind": kind, "media": media, "person": persons.index(person), "at": at}
            )  # fmt: skip
        tokens = [token("person", person) for person in persons]
        assert self.site.post_batch(self.computer.next(tokens, blobs=listed)).status_code == 200
        if deliver:
            for entry in listed:
                assert self.computer.put_blob(self.site, self.bytes[entry["sha256"]]).status_code == 201
        return [entry["sha256"] for entry in listed]


@pytest.fixture
def recorded(site: Site, computer: Computer) -> Recorded:
    return Recorded(site, computer)


def page(site: Site, query: str = "", days: str = f"from={DAY}&to={DAY}") -> Any:
    return site.told(f"/api/records?{days}&{query}")


def times(answer: Any) -> list[int]:
    return [row["at"] for row in answer["rows"]]


def persons(site: Site) -> dict[str, int]:
    return {row["name"]: row["id"] for row in site.told("/api/people")}


def test_a_picture_and_its_thumbnail_are_one_moment(site: Site, recorded: Recorded) -> None:
    picture, small = recorded.says(
        ("screenshot", MIDNIGHT + HOUR, "ann", 9_000), ("screenshot", MIDNIGHT + HOUR, "ann", 4_000)
    )
    (row,) = page(site)["rows"]
    assert [blob["sha256"] for blob in row["blobs"]] == [small, picture], "the smallest first"
    assert (row["person"], row["kind"], row["day"]) == (token("person", "ann"), "screenshot", DAY)
    assert (row["utc_offset_min"], row["device"]) == (120, recorded.computer.id)
    assert all(blob["arrived"] and blob["seq"] == 1 and blob["received_at"] == NOW_MS for blob in row["blobs"])


def test_what_has_not_come_is_said(site: Site, recorded: Recorded) -> None:
    recorded.says(("text", MIDNIGHT, "ann", 4_000), deliver=False)
    (row,) = page(site)["rows"]
    assert [blob["arrived"] for blob in row["blobs"]] == [False]


def test_days_are_those_of_the_account(site: Site, recorded: Recorded) -> None:
    recorded.says(("camera", MIDNIGHT - 1, "ann", 100), ("camera", MIDNIGHT, "ann", 101), ("camera", MIDNIGHT + 24 * HOUR - 1, "ann", 102), ("camera", MIDNIGHT + 24 * HOUR, "ann", 103))  # fmt: skip
    assert times(page(site)) == [MIDNIGHT, MIDNIGHT + 24 * HOUR - 1]


def test_the_day_on_which_clocks_change_has_25_hours(site: Site, recorded: Recorded) -> None:
    begins = int(datetime(2025, 10, 25, 22, tzinfo=UTC).timestamp()) * 1000
    recorded.says(*(("camera", begins + hour * HOUR, "ann", 100 + hour) for hour in (-1, 0, 2, 3, 24, 25)))
    # Pictures of the future: the filter looks at them like at any other.
    rows = page(site, days="from=2025-10-26&to=2025-10-26")["rows"]
    assert [(row["at"] - begins) // HOUR for row in rows] == [0, 2, 3, 24]
    assert [row["utc_offset_min"] for row in rows] == [120, 120, 60, 60]


def test_kinds_are_counted_and_chosen(site: Site, recorded: Recorded) -> None:
    recorded.says(("screenshot", MIDNIGHT, "ann", 100), ("screenshot", MIDNIGHT, "ann", 50), ("sound", MIDNIGHT + 1, "ann", 60), ("chat", MIDNIGHT + 2, "ben", 70))  # fmt: skip
    answer = page(site, "kind=sound&kind=chat")
    assert [row["kind"] for row in answer["rows"]] == ["sound", "chat"]
    assert (answer["count"], answer["kinds"]) == (2, {"screenshot": 1, "sound": 1, "chat": 1})
    assert code_of(site.client.get(f"/api/records?from={DAY}&to={DAY}&kind=video"))[1] == "input_invalid"


def test_persons_and_computers_are_chosen(site: Site, owner: Owner, recorded: Recorded) -> None:
    other = Computer(owner, "other")
    other.enroll(site, owner.make_ticket(site, "other"))
    owner.confirm(site, other)
    recorded.says(("camera", MIDNIGHT, "ann", 100), ("camera", MIDNIGHT + 1, "ben", 101))
    Recorded(site, other).says(("camera", MIDNIGHT + 2, "ann", 102))
    ids = persons(site)
    assert times(page(site, f"person={ids[token('person', 'ann')]}")) == [MIDNIGHT, MIDNIGHT + 2]
    assert times(page(site, f"device={recorded.computer.id}")) == [MIDNIGHT, MIDNIGHT + 1]
    assert times(page(site, f"person={ids[token('person', 'ben')]}&device={other.id}")) == []


def test_pages_show_every_moment_once(site: Site, recorded: Recorded) -> None:
    moments: Sequence[tuple[str, int, str, int]] = [
        ("camera", MIDNIGHT + day * 24 * HOUR + number, "ann" if number % 2 else "ben", 100 + day * 10 + number)
        for day in (-1, 0)
        for number in range(7)
    ]
    recorded.says(*moments)
    days = "from=2025-10-08&to=2025-10-09"
    found: list[Any] = []
    number: int | None = 1
    while number is not None:
        answer = page(site, f"page={number}&limit=4", days)
        assert (answer["pages"], answer["count"]) == (4, 14)
        found += answer["rows"]
        number = answer["next"]
    assert sorted(row["at"] for row in found) == sorted(at for _, at, _, _ in moments)
    assert [row["day"] for row in found] == ["2025-10-09"] * 7 + ["2025-10-08"] * 7, "the newest day first"
    for before, after in pairwise(found):
        if (before["day"], before["person_id"]) == (after["day"], after["person_id"]):
            assert before["at"] < after["at"]
    wanted = moments[3][1]
    near = page(site, f"at={wanted}&limit=4", days)
    assert wanted in times(near)
    assert near["page"] > 1


def test_a_listing_that_came_twice_is_one_record(site: Site, recorded: Recorded) -> None:
    (blob,) = recorded.says(("text", MIDNIGHT, "ann", 4_000))
    entry = {"sha256": blob, "bytes": 4_000, "kind": "text", "media": "application/json", "person": 0, "at": MIDNIGHT}
    assert site.post_batch(recorded.computer.next([token("person", "ann")], blobs=[entry])).status_code == 200
    (row,) = page(site)["rows"]
    assert [blob["seq"] for blob in row["blobs"]] == [1]


def test_working_hours_narrow(site: Site, recorded: Recorded) -> None:
    week = {"week": [{"begin_min": 540, "end_min": 1020, "break_min": 30}] * 5 + [None, None], "grace_min": 5}
    assert site.call("PUT", "/api/schedules/2025-01-01", week).status_code < 300
    recorded.says(*(("camera", MIDNIGHT + hour * HOUR, "ann", 100 + hour) for hour in (8, 9, 16, 17)))
    assert [(at - MIDNIGHT) // HOUR for at in times(page(site, "hours=inside"))] == [9, 16]
    assert [(at - MIDNIGHT) // HOUR for at in times(page(site, "hours=outside"))] == [8, 17]


def test_the_batch_is_given_with_the_key_that_signed_it(site: Site, recorded: Recorded) -> None:
    recorded.says(("camera", MIDNIGHT, "ann", 100))
    proof = site.told(f"/api/records/{recorded.computer.id}/1")
    key = Ed25519PublicKey.from_public_bytes(b64decode(proof["signing"]["x"]))
    key.verify(b64decode(proof["signature"]), signed_bytes(BATCH, b64decode(proof["body"])))
    site.post_batch(recorded.computer.work())
    for place in (f"{recorded.computer.id}/2", f"{recorded.computer.id}/3", f"{recorded.computer.id}/0", f"{identifier('none')}/1", f"{recorded.computer.id}/{2**70}"):  # fmt: skip
        assert code_of(site.client.get(f"/api/records/{place}")) == (404, "not_found"), place
    Owner("else").sign_up(site)
    assert code_of(site.client.get(f"/api/records/{recorded.computer.id}/1")) == (404, "not_found"), "another account's"


def test_a_manager_needs_the_right_and_sees_their_departments(
    site: Site, owner: Owner, computer: Computer, recorded: Recorded
) -> None:
    (own,) = recorded.says(("camera", MIDNIGHT, "ann", 100))
    (other,) = recorded.says(("camera", MIDNIGHT + 1, "ben", 101))
    recorded.says(("camera", MIDNIGHT + 2, "ann", 102), ("camera", MIDNIGHT + 2, "ben", 103))
    department = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    site.call("PUT", f"/api/people/{persons(site)[token('person', 'ann')]}", {"department": department})
    without = come_in(site, owner, "mia", departments=[department])
    manager = come_in(site, owner, "max", departments=[department], rights=["sealed"])
    without.log_in(site)
    for path in (f"/api/records?from={DAY}&to={DAY}", f"/api/records/{computer.id}/1", f"/api/blobs/{own}"):
        assert code_of(site.client.get(path)) == (403, "forbidden"), path
    assert site.page(f"/records?from={DAY}&to={DAY}").status_code == 403
    assert "/records" not in site.page("/").text
    manager.log_in(site)
    answer = page(site)
    assert {row["person"] for row in answer["rows"]} == {token("person", "ann")}
    assert (times(answer), answer["kinds"]) == ([MIDNIGHT, MIDNIGHT + 2], {"camera": 2})
    shown = site.page(f"/records?from={DAY}&to={DAY}").text
    assert own in shown
    assert other not in shown
    assert site.client.get(f"/api/records/{computer.id}/1").status_code == 200
    assert code_of(site.client.get(f"/api/records/{computer.id}/2")) == (404, "not_found"), "of others"
    assert code_of(site.client.get(f"/api/records/{computer.id}/3")) == (404, "not_found"), "of others as well"
    assert site.client.get(f"/api/blobs/{own}").status_code == 200
    assert code_of(site.client.get(f"/api/blobs/{other}")) == (404, "not_found")


def test_an_employee_sees_that_there_are_records_and_who_opened_them(
    site: Site, owner: Owner, computer: Computer, recorded: Recorded
) -> None:
    (own,) = recorded.says(("camera", MIDNIGHT, "ann", 100))
    (other,) = recorded.says(("sound", MIDNIGHT + 1, "ben", 101))
    site.client.get(f"/api/blobs/{own}")
    employee = come_in(site, owner, "ann", role="employee", person=persons(site)[token("person", "ann")])
    employee.log_in(site)
    assert [blob["sha256"] for row in page(site)["rows"] for blob in row["blobs"]] == [own]
    assert code_of(site.client.get(f"/api/blobs/{own}")) == (403, "forbidden")
    assert code_of(site.client.get(f"/api/records/{computer.id}/1")) == (403, "forbidden")
    assert site.page("/records").status_code == 403
    day = site.page(f"/my-day?day={DAY}").text
    assert "Your keys do not open them" in day
    assert "Camera" in day
    assert "Sealed record, opened" in day
    assert other not in day


def test_a_look_at_a_list_is_noted(site: Site, recorded: Recorded) -> None:
    recorded.says(("camera", MIDNIGHT, "ann", 100))
    ann = persons(site)[token("person", "ann")]
    page(site, f"person={ann}")
    site.told(f"/api/records/{recorded.computer.id}/1")
    looks = site.told("/api/looks?since=2025-01-01")["looks"]
    assert {(look["page"], look["scope"]) for look in looks} == {("records", "person"), ("journal", "person")}


def test_the_page_lists_what_the_browser_needs_and_nothing_else_may_be_shown(site: Site, recorded: Recorded) -> None:
    picture, small = recorded.says(
        ("screenshot", MIDNIGHT + 9 * HOUR, "ann", 9_000), ("screenshot", MIDNIGHT + 9 * HOUR, "ann", 4_000)
    )
    (text,) = recorded.says(("text", MIDNIGHT + 10 * HOUR, "ann", 4_000), deliver=False)
    answer = site.page(f"/records?from={DAY}&to={DAY}")
    assert f'data-blobs="{small}:1:here {picture}:1:here"' in answer.text
    assert '<h3 class="film-time">09:00</h3>' in answer.text
    policy = answer.headers["content-security-policy"]
    assert set(policy.split("; ")) ^ set(POLICY.split("; ")) == {
        "img-src 'self' data:", "img-src 'self' data: blob:", "media-src blob:",
    }  # fmt: skip
    texts = site.page(f"/records?from={DAY}&to={DAY}&show=texts").text
    assert f'data-blobs="{text}:2:awaited"' in texts
    site.clock.ms += 25 * HOUR
    owner_again = Owner("acme").log_in(site)
    assert owner_again.status_code == 200
    assert f'data-blobs="{text}:2:late"' in site.page(f"/records?from={DAY}&to={DAY}&show=texts").text


def test_the_first_kind_that_there_is_is_shown(site: Site, recorded: Recorded) -> None:
    recorded.says(("sound", MIDNIGHT, "ann", 100))
    assert 'data-shown="sound"' in site.page(f"/records?from={DAY}&to={DAY}").text
    empty = site.page("/records?from=2025-10-01&to=2025-10-01").text
    assert "/policies" in empty
    assert "No pictures, texts or sound in these days" in empty


def test_a_plain_account_is_told_that_records_need_encryption(site: Site) -> None:
    Owner("open", mode="plain").sign_up(site)
    assert "need encryption" in site.page("/records").text


def test_timeline_and_log_lead_to_the_records_of_that_time(site: Site, recorded: Recorded) -> None:
    start = MIDNIGHT + 9 * HOUR
    event = (0, 0, start, 60_000, 120, -1, -1, -1, -1, -1, 5, -1)
    assert site.post_batch(recorded.computer.next([token("person", "ann")], [event])).status_code == 200
    ann = persons(site)[token("person", "ann")]
    log = site.page(f"/log?from={DAY}&to={DAY}").text
    assert f"/records?person={ann}&amp;from={DAY}&amp;to={DAY}&amp;at={start}" in log.replace("range=&amp;", "")
    assert f'href="/records?from={DAY}&amp;to={DAY}"' in site.page(f"/timeline?from={DAY}&to={DAY}").text
