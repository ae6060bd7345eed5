"""Enabling encryption later: names, ratings, placements and labels are carried over by pairs that the owner's end makes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.guests import Guest, invite
from tests.server.ingest.support import NOW_MS, token

HOUR_MS = 3_600_000
WIDE = "from=2025-09-01&to=2025-10-31"
PLAIN = ["person:Otti", "app:writer", "title:Offer"]
TOKENS = [token("person", "Otti"), token("app", "writer"), token("title", "Offer")]


def worked(computer: Computer, names: list[str], hour: int, **changes: Any) -> Any:
    row = (0, 0, NOW_MS - (9 - hour) * HOUR_MS, HOUR_MS, 0, 1, -1, 2, -1, -1, 1, -1)
    return computer.next(names, [row], **changes)


def ids(site: Site) -> dict[str, int]:
    return {entry["text"]: entry["id"] for entry in site.told("/api/dictionary")["entries"]}


@pytest.fixture
def plain(site: Site) -> Owner:
    """Return the owner of a plain account with an hour of work, ratings, a placement and labels in the clear."""
    owner = Owner("acme", mode="plain").sign_up(site)
    before = Computer(owner, "before")
    before.enroll(site, owner.make_ticket(site))
    owner.confirm(site, before)
    assert before.poll(site, "computer:OTTI-PC").status_code == 200
    assert site.post_batch(worked(before, PLAIN, 1, mode="plain", epoch=0, roster=None)).status_code == 200
    department = site.call("POST", "/api/departments", {"name": "label:Sales"}).json()["id"]
    known = ids(site)
    assert site.call("PUT", f"/api/people/{known['person:Otti']}", {"department": department}).status_code == 204
    assert site.call("PUT", f"/api/ratings/{known['app:writer']}", {"rating": 2}).status_code == 204
    return owner


def enable(site: Site, owner: Owner) -> None:
    """Sign that the account is encrypted; the computer gets its grant."""
    (entry,) = owner.devices
    owner.next(mode="encrypted", epoch=1)
    grants = [{"recipient": entry.exchange, "grant": owner.grant(entry.exchange)}]
    assert owner.post(site, grants=grants).status_code == 201


def computer_of(site: Site, owner: Owner) -> Computer:
    """Return the computer after its grant, where it stands."""
    computer = Computer(owner, "before")
    head = site.told("/api/devices")[0]["head"]
    computer.seq, computer.prev = head["version"], head["sha256"]
    return computer


def answers(site: Site) -> dict[str, Any]:
    """Return tokens for what is still in the clear, as the owner's end would make them."""
    told = site.told("/api/history/names")
    names = [[one["id"], token(one["field"], one["text"].partition(":")[2])] for one in told["entries"]]
    labels = [[text, token(*text.split(":", 1))] for text in told["labels"]]
    return {"names": names, "labels": labels}


def test_ratings_placements_and_labels_are_carried_over(site: Site, plain: Owner) -> None:
    known = ids(site)
    enable(site, plain)
    computer = computer_of(site, plain)
    # Between enabling and joining: tokens arrive, and get ids and ratings of their own.
    assert site.post_batch(worked(computer, TOKENS, 2)).status_code == 200
    fresh = ids(site)
    other = site.call("POST", "/api/departments", {"name": token("label", "Other")}).json()["id"]
    site.call("PUT", f"/api/ratings/{fresh[TOKENS[1]]}", {"rating": 0})
    site.call("PUT", f"/api/ratings/{fresh[TOKENS[2]]}", {"rating": 1})
    site.call("PUT", f"/api/people/{fresh[TOKENS[0]]}", {"department": other})
    assert site.told("/api/history/names")["left"] == 6
    assert site.call("POST", "/api/history/names", answers(site)).json() == {"left": 0}
    joined = ids(site)
    assert joined == {TOKENS[0]: known[PLAIN[0]], TOKENS[1]: known[PLAIN[1]], TOKENS[2]: known[PLAIN[2]]}
    assert {one["name"]: one["rating"] for one in site.told("/api/ratings")} == {
        known["app:writer"]: 2,
        known["title:Offer"]: 1,
    }, "the rating of before wins; one that was given in between is kept"
    (person,) = site.told("/api/people")
    names = {one["id"]: one["name"] for one in site.told("/api/departments")}
    assert (person["name"], names[person["department"]]) == (TOKENS[0], token("label", "Sales"))
    assert site.told("/api/account")["company"] == token("label", "acme")
    assert site.told("/api/devices")[0]["computer"] == token("computer", "OTTI-PC")
    table = site.told(f"/api/reports/titles?{WIDE}")
    assert [(row["name"], row["ms"]) for row in table["rows"]] == [(TOKENS[2], 2 * HOUR_MS)]
    assert site.told(f"/api/reports/productivity?{WIDE}")["totals"]["neutral"] == 2 * HOUR_MS
    # What comes later meets the same names, also by an address that still has the other id.
    assert site.post_batch(worked(computer, TOKENS, 3)).status_code == 200
    assert ids(site) == joined
    narrowed = site.told(f"/api/reports/titles?{WIDE}&name={fresh[TOKENS[1]]}&person={fresh[TOKENS[0]]}")
    assert [row["ms"] for row in narrowed["rows"]] == [3 * HOUR_MS]
    assert site.call("PUT", f"/api/ratings/{fresh[TOKENS[1]]}", {"rating": 0}).status_code == 204
    assert {one["name"]: one["rating"] for one in site.told("/api/ratings")}[known["app:writer"]] == 0
    assert "names_joined" in [one["action"] for one in site.told("/api/audit")["entries"]]


def test_half_of_it_can_be_sent_again(site: Site, plain: Owner) -> None:
    enable(site, plain)
    whole = answers(site)
    half = {"names": whole["names"][:2], "labels": whole["labels"][:1]}
    assert site.call("POST", "/api/history/names", half).json() == {"left": 3}
    told = site.told("/api/history/names")
    assert (told["left"], len(told["entries"]), len(told["labels"])) == (3, 1, 2)
    assert site.call("POST", "/api/history/names", whole | {"labels": whole["labels"][1:]}).json() == {"left": 0}
    assert site.told("/api/history/names") == {"left": 0, "entries": [], "labels": []}


def test_what_is_refused(site: Site, plain: Owner) -> None:
    assert site.told("/api/history/names")["left"] == 0, "a plain account has nothing to join"
    name = [[1, token("person", "Otti")]]
    assert code_of(site.call("POST", "/api/history/names", {"names": name})) == (400, "input_invalid")
    enable(site, plain)
    for body in (
        {"names": [[1, token("app", "Otti")]]},
        {"names": [[1, "person:Otti"]]},
        {"names": [[1, token("person", "Otti", 2)]]},
        {"names": [[77, token("person", "Otti")]]},
        {"labels": [["label:Nowhere", token("label", "Nowhere")]]},
        {"labels": [["label:Sales", token("computer", "Sales")]]},
        {"names": name * 501},
    ):
        assert code_of(site.call("POST", "/api/history/names", body)) == (400, "input_invalid"), body
    assert site.told("/api/history/names")["left"] == 6
    Owner("other").sign_up(site)
    assert site.told("/api/history/names")["left"] == 0
    assert code_of(site.call("POST", "/api/history/names", {"names": name})) == (400, "input_invalid")
    site.become_nobody()
    assert code_of(site.client.get("/api/history/names")) == (401, "session_required")


def test_the_journal_has_what_was_signed(site: Site, plain: Owner) -> None:
    def bodies() -> list[str]:
        device = site.told("/api/devices")[0]["id"]
        return [one["body"] for one in site.told(f"/api/journal/{device}")["entries"]]

    before = bodies()
    enable(site, plain)
    site.call("POST", "/api/history/names", answers(site))
    assert bodies() == before
    assert msgspec.json.encode(before)


def test_who_was_invited_as_an_entry_that_is_joined_away_sees_the_person_it_was(site: Site, plain: Owner) -> None:
    known = ids(site)
    enable(site, plain)
    assert site.post_batch(worked(computer_of(site, plain), TOKENS, 2)).status_code == 200
    fresh = ids(site)
    assert invite(site, plain, "otti", role="employee", person=fresh[TOKENS[0]]).status_code == 201
    assert invite(site, plain, "twin", role="employee", person=known[PLAIN[0]]).status_code == 201, "nobody knows yet"
    assert site.call("POST", "/api/history/names", answers(site)).json() == {"left": 0}
    assert Guest(plain, "otti").join(site).status_code == 201
    assert code_of(Guest(plain, "twin").join(site)) == (400, "input_invalid"), (
        "two invitations turned out to be for one"
    )
    plain.log_in(site)
    waiting = [one for one in site.told("/api/members") if one["state"] == "waiting"]
    assert [one["person"] for one in waiting] == [known[PLAIN[0]]]
