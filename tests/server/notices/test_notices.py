"""Notices: stored with their batch, shown to the owner alone, whole after a restatement, and nothing of an odd clock breaks the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.guests import come_in
from tests.server.ingest.support import NOW_MS, SECRET, Device, identifier, token
from tests.server.store.support import stored
from tests.server.store.test_erasing import mark_of

from reteamz.server.notices.show import EACH, ROWS
from reteamz.server.notices.words import WORDS
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.batch import Batch, Notice, decode_body
from reteamz.wire.encoding import b64decode

OTTI = token("person", "otti")


def notice(code: str = "records_lost", person: int = 0, count: int = 1, at: int = NOW_MS) -> dict[str, Any]:
    return {"at": at, "code": code, "person": person, "count": count}


def tell(site: Site, computer: Device, *notices: dict[str, Any], **changes: Any) -> tuple[int, str]:
    answer = site.post_batch(computer.next([OTTI], notices=list(notices), **changes))
    return code_of(answer) if answer.status_code != 200 else (200, "")


def test_the_owner_reads_what_a_computer_told(site: Site, computer: Computer) -> None:
    assert tell(site, computer, notice(count=3), notice("clock_jumped", -1, at=NOW_MS - 1000)) == (200, "")
    told = site.told("/api/notices")
    assert (told["count"], told["page"], told["pages"]) == (2, 1, 1)
    lost, jumped = told["rows"]
    assert lost == {
        "device": computer.id,
        "seq": 1,
        "at": NOW_MS,
        "code": "records_lost",
        "person_id": lost["person_id"],
        "person": OTTI,
        "count": 3,
    }
    assert lost["person_id"] > 0
    assert (jumped["code"], jumped["person_id"], jumped["person"]) == ("clock_jumped", 0, "")
    page = site.page("/devices").text
    assert all(text in page for code in ("records_lost", "clock_jumped") for text in WORDS[code])  # type: ignore[index]  # codes
    proof = site.told(f"/api/notices/{computer.id}/1")
    assert b'"notices":[{' in b64decode(proof["body"])
    assert proof["signing"]["kty"] == "OKP"


def test_the_same_batch_again_tells_nothing_twice(site: Site, computer: Computer) -> None:
    signed = computer.next([OTTI], notices=[notice()])
    for _ in range(2):
        assert site.post_batch(signed).status_code == 200
    assert site.told("/api/notices")["count"] == 1


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        ([], {}),
        ([notice(person=1)], {}),
        ([notice(count=0)], {}),
        ([notice("all_is_well")], {}),
        ([notice(person=-1)], {"mode": "anonymous", "tokens": [], "epoch": 0, "roster": None}),
    ],
)
def test_a_batch_that_breaks_the_format_is_refused_whole(
    site: Site, computer: Computer, told: list[dict[str, Any]], changes: dict[str, Any]
) -> None:
    signed = computer.sign(computer.batch([OTTI]) | {"notices": told} | changes)
    assert code_of(site.post_batch(signed)) == (400, "batch_malformed")
    assert site.told("/api/notices")["count"] == 0


def test_the_latest_of_each_and_all_of_them_by_pages(site: Site, owner: Owner, computer: Computer) -> None:
    quiet = Computer(owner, "quiet")
    quiet.enroll(site, owner.make_ticket(site, "quiet"))
    owner.confirm(site, quiet)
    assert tell(site, quiet, notice("clock_jumped", -1)) == (200, "")
    for number in range(ROWS + 1):
        site.clock.ms += 1000
        assert tell(site, computer, notice(count=number + 1)) == (200, "")
    latest = site.told("/api/notices")
    assert (latest["count"], [row["device"] for row in latest["rows"]]) == (ROWS + 2, [computer.id] * EACH + [quiet.id])
    assert [row["count"] for row in latest["rows"]][:EACH] == [ROWS + 1, ROWS, ROWS - 1]
    pages = [site.told(f"/api/notices?page={number}") for number in (1, 2)]
    assert [len(page["rows"]) for page in pages] == [ROWS, 2]
    assert pages[0]["pages"] == 2
    assert f"Show all {ROWS + 2}" in site.page("/devices").text
    assert site.page("/devices?page=2").text.count('class="found"') == 2


def test_only_the_owner_reads_them(site: Site, owner: Owner, computer: Computer) -> None:
    assert tell(site, computer, notice()) == (200, "")
    manager = come_in(site, owner, "mia")
    assert manager.log_in(site).status_code == 200
    for path in ("/api/notices", f"/api/notices/{computer.id}/1"):
        assert code_of(site.client.get(path)) == (403, "forbidden")
    Owner("other").sign_up(site)
    assert site.told("/api/notices")["count"] == 0
    assert code_of(site.client.get(f"/api/notices/{computer.id}/1")) == (404, "not_found")


def test_only_batches_with_notices_are_proved(site: Site, computer: Computer) -> None:
    assert site.post_batch(computer.work()).status_code == 200
    for device, seq in ((computer.id, 1), (computer.id, 2), (computer.id, 0), (identifier("nobody"), 1)):
        assert code_of(site.client.get(f"/api/notices/{device}/{seq}")) == (404, "not_found")


def test_whom_they_name_was_looked_at(site: Site, owner: Owner, computer: Computer) -> None:
    assert tell(site, computer, notice("clock_jumped", -1)) == (200, "")
    assert site.page("/devices").status_code == 200
    assert site.told("/api/looks?since=2025-10-01")["looks"] == []
    assert tell(site, computer, notice()) == (200, "")
    assert site.page("/devices").status_code == 200
    person = site.told("/api/notices")["rows"][0]["person_id"]
    looks = site.told("/api/looks?since=2025-10-01")["looks"]
    assert [(look["page"], look["scope"], look["person"]) for look in looks] == [("devices", "person", person)]


def test_a_time_that_no_calendar_has_breaks_nothing(site: Site, computer: Computer) -> None:
    assert tell(site, computer, notice(at=2**53 - 1), notice(at=0)) == (200, "")
    assert site.page("/devices").status_code == 200


def test_they_follow_a_name_that_was_joined_and_outlive_its_erasure(tmp_path: Path) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device, name = Device(), token("person", "Otti Marsh")
    plain = {"mode": "plain", "epoch": 0, "roster": None}
    store.write([stored(device.next(["person:Otti Marsh"], notices=[notice(count=2)], **plain))])
    _, (told,) = store.notices(device.account, 10)
    store.join(device.account, [(told.person, name)], [], NOW_MS)
    store.write([stored(device.next([name], notices=[notice()]))])
    store.restate(device.account, mark_of(store, device, 1))
    store.erase_names(device.account)
    store.close()
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    count, rows = store.notices(device.account, 10)
    assert count == 2
    assert {store.name(device.account, row.person) for row in rows} == {name}
    assert len({row.person for row in rows}) == 1
    again = decode_body(store.journal(device.account, device.id, 0, 1)[0].body)
    assert isinstance(again, Batch)
    assert (again.mode, again.tokens) == ("encrypted", [name])
    assert again.notices == [Notice(NOW_MS, "records_lost", 0, 2)]
    store.close()


def test_the_browser_says_the_same_words() -> None:
    """It does not take them from the server, so it has them itself."""
    source = (Path(__file__).parents[3] / "web" / "dashboard" / "src" / "notices.ts").read_text()
    assert dict(re.findall(r'^  (\w+): "([^"]+)",$', source, re.MULTILINE)) == {
        code: title for code, (title, _) in WORDS.items()
    }
