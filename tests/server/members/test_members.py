"""Invitations, joining, confirmation and removal, as the server sees them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.server.company import Computer, Owner, Site, code_of, signing_key
from tests.server.guests import Guest, come_in, invite, welcome
from tests.server.ingest.support import identifier, token

from reteamz.wire.jwk import thumbprint


@pytest.fixture
def person(site: Site, owner: Owner, computer: Computer) -> int:
    """Return the person that the computer told of."""
    assert site.post_batch(computer.work()).status_code == 200
    return int(site.told("/api/people")[0]["id"])


def state_of(site: Site) -> dict[str, Any]:
    told: dict[str, Any] = site.told("/api/membership")
    return told


def test_who_joins_waits_and_sees_nothing_but_that(site: Site, owner: Owner) -> None:
    assert invite(site, owner, "mia").status_code == 201
    guest = Guest(owner, "mia")
    site.become_nobody()
    start = site.call("POST", "/api/join/start", {"account": owner.account, "ticket": guest.ticket})
    assert start.json()["owner"]["x"] == owner.identity.x
    assert guest.join(site).status_code == 201
    assert (state_of(site)["state"], state_of(site)["grant"]) == ("waiting", None)
    for path in ("/api/account", "/api/bundle", "/api/rosters", "/api/dictionary", "/api/members"):
        assert code_of(site.client.get(path)) == (401, "session_required")
    assert site.page("/").status_code == 303
    assert guest.log_in(site).status_code == 200, "the session of the join may be gone; a log-in gives another"
    assert state_of(site)["state"] == "waiting"
    owner.log_in(site)
    assert welcome(site, owner, guest).status_code == 201
    guest.log_in(site)
    told = state_of(site)
    assert (told["state"], told["grant"], told["member"]) == (
        "active",
        owner.grant(thumbprint(guest.exchange)),
        guest.member,
    )
    assert site.told("/api/account")["role"] == "manager"


def with_cookie(site: Site, cookie: str, path: str) -> httpx.Response:
    """Ask with a session that the browser had before."""
    site.become_nobody()
    return site.client.get(path, headers={"cookie": f"reteamz_session={cookie}"})


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        ({"role": "employee", "person": 9_999}, "not_found"),
        ({"departments": [identifier("nowhere")]}, "not_found"),
        ({"account": identifier("another")}, "input_invalid"),
        ({"ticket": identifier("another")}, "input_invalid"),
        ({"expires": 1}, "input_invalid"),
        ({"key": signing_key("somebody")}, "signature_invalid"),
        ({"label": "Mia Keane"}, "plain_refused"),
        ({"label": token("app", "x")}, "token_malformed"),
    ],
)
def test_an_invitation_that_does_not_hold(site: Site, owner: Owner, offer: dict[str, Any], code: str) -> None:
    assert code_of(invite(site, owner, "mia", **offer))[1] == code
    assert site.told("/api/invitations") == []


def test_an_invitation_is_listed_until_it_is_used_or_withdrawn(site: Site, owner: Owner, person: int) -> None:
    assert invite(site, owner, "ann", role="employee", person=person).status_code == 201
    (told,) = site.told("/api/invitations")
    assert (told["role"], told["person"], told["label"]) == ("employee", person, "")
    assert code_of(invite(site, owner, "ann", role="employee", person=person)) == (400, "input_invalid")
    assert site.call("DELETE", f"/api/tickets/{told['ticket']}").status_code == 204
    assert site.told("/api/invitations") == []
    assert code_of(Guest(owner, "ann").join(site)) == (404, "ticket_unknown")
    assert "member_invited" in [entry["action"] for entry in site.told("/api/audit")["entries"]]


def test_nobody_is_invited_twice_for_one_person(site: Site, owner: Owner, person: int) -> None:
    assert invite(site, owner, "ann", role="employee", person=person).status_code == 201
    assert code_of(invite(site, owner, "anna", role="employee", person=person)) == (400, "input_invalid")
    site.clock.ms += 3_600_001
    owner.log_in(site)
    assert invite(site, owner, "anna", role="employee", person=person).status_code == 201, "the first has expired"
    assert Guest(owner, "anna").join(site).status_code == 201
    owner.log_in(site)
    assert code_of(invite(site, owner, "anne", role="employee", person=person)) == (400, "input_invalid")


def test_an_invitation_is_used_once_and_in_time(site: Site, owner: Owner) -> None:
    invite(site, owner, "mia")
    assert Guest(owner, "mia").join(site).status_code == 201
    again = Guest(owner, "mia")
    assert again.join(site).status_code == 201, "the same request again, after an answer was lost"
    assert code_of(again.join(site, auth="A" * 43)) == (400, "input_invalid")
    other = Guest(owner, "mia")
    other.member, other.email = identifier("other"), "other@company.example"
    assert code_of(other.join(site)) == (410, "ticket_spent")
    start = {"account": owner.account, "ticket": other.ticket}
    assert code_of(site.call("POST", "/api/join/start", start)) == (410, "ticket_spent")
    owner.log_in(site)
    invite(site, owner, "late")
    site.clock.ms += 3_600_001
    assert code_of(Guest(owner, "late").join(site)) == (410, "code_expired")


def test_what_is_no_joining_is_refused(site: Site, owner: Owner) -> None:
    invite(site, owner, "mia")
    guest = Guest(owner, "mia")
    assert code_of(guest.join(site, key=signing_key("somebody"))) == (401, "signature_invalid")
    assert code_of(guest.join(site, join="x.y.z"))[1] == "input_invalid"
    assert code_of(guest.join(site, account=identifier("another"))) == (404, "ticket_unknown")
    assert code_of(guest.join(site, email=owner.email)) == (409, "email_taken")
    assert code_of(guest.join(site, ticket=owner.make_ticket(site, "device"))) == (404, "ticket_unknown")
    assert guest.join(site).status_code == 201, "what was refused did not use the invitation up"


def test_a_roster_names_only_members_with_the_keys_that_joined(site: Site, owner: Owner) -> None:
    invite(site, owner, "mia")
    guest = Guest(owner, "mia")
    guest.join(site)
    owner.log_in(site)
    before = site.told("/api/account")["roster"]
    answers = [
        welcome(site, owner, Guest(owner, "nobody")),
        welcome(site, owner, guest, settings=thumbprint(owner.settings)),
    ]
    for answer in answers:
        owner.version, owner.members = 1, []
        assert code_of(answer)[1] in ("roster_refused", "roster_conflict")
    assert site.told("/api/account")["roster"] == before


def test_the_owner_turns_somebody_away(site: Site, owner: Owner) -> None:
    invite(site, owner, "mia")
    guest = Guest(owner, "mia")
    guest.join(site)
    cookie = site.client.cookies["reteamz_session"]
    owner.log_in(site)
    assert [one["state"] for one in site.told("/api/members")] == ["waiting", "active"]
    assert site.call("POST", f"/api/members/{guest.member}/refuse").status_code == 204
    assert code_of(site.call("POST", f"/api/members/{guest.member}/refuse")) == (404, "not_found")
    assert code_of(site.call("POST", f"/api/members/{owner.member}/refuse")) == (404, "not_found")
    assert [one["id"] for one in site.told("/api/members")] == [owner.member]
    assert code_of(with_cookie(site, cookie, "/api/membership")) == (401, "session_required")
    assert code_of(guest.log_in(site)) == (401, "login_failed")


def test_removal_ends_every_session_and_keeps_no_address(site: Site, owner: Owner, person: int) -> None:
    guest = come_in(site, owner, "ann", role="employee", person=person)
    guest.log_in(site)
    cookie = site.client.cookies["reteamz_session"]
    assert site.told("/api/account")["role"] == "employee"
    owner.log_in(site)
    assert code_of(invite(site, owner, "again", role="employee", person=person)) == (400, "input_invalid")
    owner.next(members=[guest.entry(role="employee", state="removed")])
    assert owner.post(site).status_code == 201
    (gone,) = [one for one in site.told("/api/members") if one["id"] == guest.member]
    assert (gone["state"], gone["email"], gone["person"], gone["seq"]) == ("removed", "", None, 0)
    assert {"member_joined", "member_active", "member_removed"} <= {
        entry["action"] for entry in site.told("/api/audit")["entries"]
    }
    assert code_of(with_cookie(site, cookie, "/api/account")) == (401, "session_required")
    assert code_of(guest.log_in(site)) == (401, "login_failed")
    owner.log_in(site)
    assert come_in(site, owner, "anew", role="employee", person=person)


def test_only_the_owner_handles_members(site: Site, owner: Owner) -> None:
    guest = come_in(site, owner, "mia")
    guest.log_in(site)
    assert code_of(site.client.get("/api/members")) == (403, "forbidden")
    assert code_of(site.client.get("/api/invitations")) == (403, "forbidden")
    assert code_of(invite(site, owner, "other")) == (403, "forbidden")
    assert code_of(site.call("POST", f"/api/members/{guest.member}/refuse")) == (403, "forbidden")
    assert code_of(site.call("DELETE", f"/api/tickets/{guest.ticket}")) == (403, "forbidden")


def test_an_account_is_the_owners_alone_for_others(site: Site, owner: Owner) -> None:
    guest = come_in(site, owner, "mia")
    Owner("other").sign_up(site)
    assert [one["role"] for one in site.told("/api/members")] == ["owner"]
    assert code_of(site.call("POST", f"/api/members/{guest.member}/refuse")) == (404, "not_found")
