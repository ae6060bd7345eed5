"""Tickets, enrolment, polls, refusal."""

from __future__ import annotations

import json

import pytest
from tests.server.company import Computer, Owner, Site, code_of, public_okp, signing_key
from tests.server.ingest.support import identifier, token

from reteamz.wire.encoding import sha256
from reteamz.wire.jwk import PublicRsa


def test_a_computer_enrols_waits_and_is_confirmed(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    ticket = owner.make_ticket(site, uses=2)
    assert computer.enroll(site, ticket).json() == {"state": "waiting"}
    polled = computer.poll(site).json()
    assert (polled["state"], polled["grant"], polled["head"]) == ("waiting", None, {"seq": 0, "sha256": ""})
    assert polled["owner"]["x"] == owner.identity.x
    owner.confirm(site, computer)
    polled = computer.poll(site, token("computer", "desk")).json()
    assert polled["state"] == "confirmed"
    assert polled["grant"].count(".") == 2
    listed = site.told("/api/devices")
    assert [(one["state"], one["computer"], one["events"]) for one in listed] == [
        ("confirmed", token("computer", "desk"), 0)
    ]
    keys = site.told("/api/keys")["devices"][0]
    assert (keys["ticket"]["id"], keys["redemption"], keys["mac"]) == (ticket, 1, "M" * 42 + "A")


def test_the_same_redemption_again_changes_nothing(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    ticket = owner.make_ticket(site, uses=1)
    for _ in range(3):
        assert computer.enroll(site, ticket).status_code == 200
    assert site.told("/api/tickets")[0]["redemptions"] == 1
    changed = computer.enroll(site, ticket, mac="N" * 42 + "A")
    assert code_of(changed) == (409, "device_exists")


def test_a_ticket_is_spent_expires_and_is_withdrawn(site: Site, owner: Owner) -> None:
    spent = owner.make_ticket(site, uses=1)
    assert Computer(owner, "one").enroll(site, spent).status_code == 200
    assert code_of(Computer(owner, "two").enroll(site, spent)) == (410, "ticket_spent")
    short = owner.make_ticket(site, "short", hours=1)
    site.clock.ms += 3_600_001
    assert code_of(Computer(owner, "two").enroll(site, short)) == (410, "code_expired")
    gone = owner.make_ticket(site, "gone")
    assert site.call("DELETE", f"/api/tickets/{gone}").status_code == 204
    assert code_of(site.call("DELETE", f"/api/tickets/{gone}")) == (404, "not_found")
    assert code_of(Computer(owner, "two").enroll(site, gone)) == (404, "ticket_unknown")
    assert code_of(Computer(owner, "two").enroll(site, identifier("never made"))) == (404, "ticket_unknown")
    assert len(site.told("/api/devices")) == 1


def test_a_ticket_of_one_account_lets_nobody_into_another(site: Site, owner: Owner) -> None:
    ticket = owner.make_ticket(site)
    other = Owner("other").sign_up(site)
    assert code_of(Computer(other).enroll(site, ticket)) == (404, "ticket_unknown")
    assert code_of(site.call("DELETE", f"/api/tickets/{ticket}")) == (404, "not_found")


def test_an_enrolment_proves_the_key_and_has_usable_ones(site: Site, owner: Owner) -> None:
    ticket = owner.make_ticket(site)
    computer = Computer(owner)
    foreign = public_okp(signing_key("somebody else"))
    assert code_of(computer.enroll(site, ticket, signing=foreign)) == (401, "signature_invalid")
    short = PublicRsa("RSA", "AQAB", "AQAB", "RSA-OAEP-256")
    assert code_of(computer.enroll(site, ticket, exchange=short)) == (400, "key_refused")
    for body in (b"", b"{}", b"[1]", b"\xff\xfe", b"[" * 10_000):
        answer = site.client.post("/api/agent/enroll", content=body, headers={"Reteamz-Signature": "A" * 86})
        assert code_of(answer) == (400, "json_invalid")
    assert site.told("/api/devices") == []


def test_a_ticket_that_makes_no_sense_is_refused(site: Site, owner: Owner) -> None:
    ticket = owner.make_ticket(site)
    body = {"ticket": ticket, "type": "device", "expires": site.clock.ms + 1000, "uses": 1}
    assert code_of(site.call("POST", "/api/tickets", body)) == (400, "input_invalid")
    fresh = body | {"ticket": identifier("fresh")}
    for change in ({"expires": site.clock.ms}, {"uses": 0}, {"uses": 1_001}, {"type": "robot"}, {"ticket": "short"}):
        assert code_of(site.call("POST", "/api/tickets", fresh | change)) == (400, "input_invalid")


def test_a_grant_is_sent_until_it_was_accepted(site: Site, computer: Computer) -> None:
    grant = computer.poll(site).json()["grant"]
    assert computer.poll(site, grant=sha256(b"another")).json()["grant"] == grant
    assert computer.poll(site, grant=sha256(grant.encode())).json()["grant"] is None


def test_a_poll_is_signed_and_of_now(site: Site, owner: Owner, computer: Computer) -> None:
    for off in (-10 * 60_000 - 1, 10 * 60_000 + 1):
        assert code_of(computer.poll(site, at=site.clock.ms + off)) == (400, "clock_ahead")
    assert computer.poll(site, at=site.clock.ms - 10 * 60_000).status_code == 200
    stranger = Computer(owner, "stranger")
    assert code_of(stranger.poll(site)) == (403, "device_unknown")
    stranger.id = computer.id
    assert code_of(stranger.poll(site)) == (401, "signature_invalid")
    computer.account = identifier("another")
    assert code_of(computer.poll(site)) == (403, "device_unknown")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("computer:desk", "plain_refused"),
        ("desk", "plain_refused"),
        (token("title", "desk"), "token_malformed"),
        (token("computer", "desk", epoch=2), "token_malformed"),
    ],
)
def test_a_computers_name_is_a_token_where_encryption_is_on(
    site: Site, owner: Owner, computer: Computer, name: str, code: str
) -> None:
    assert code_of(computer.poll(site, name))[1] == code
    assert site.told("/api/devices")[0]["computer"] == ""


def test_a_waiting_computer_tells_no_name(site: Site) -> None:
    owner = Owner("plain", mode="plain").sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    assert code_of(computer.poll(site, "computer:desk"))[1] == "plain_refused"
    owner.confirm(site, computer)
    assert computer.poll(site, "computer:desk").status_code == 200
    assert code_of(computer.poll(site, "title:desk"))[1] == "token_malformed"
    assert site.told("/api/devices")[0]["computer"] == "computer:desk"


def test_a_refused_computer_is_out_for_good(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    assert site.call("POST", f"/api/devices/{computer.id}/refuse").status_code == 204
    assert computer.poll(site).json()["state"] == "removed"
    assert code_of(site.post_batch(computer.work())) == (403, "device_removed")
    assert code_of(site.call("POST", f"/api/devices/{computer.id}/refuse")) == (404, "not_found")
    owner.next(devices=[computer.entry()])
    assert code_of(owner.post(site)) == (400, "roster_refused")


def test_only_the_owner_of_the_account_refuses(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    Owner("other").sign_up(site)
    assert code_of(site.call("POST", f"/api/devices/{computer.id}/refuse")) == (404, "not_found")
    assert computer.poll(site).json()["state"] == "waiting"


def test_redemptions_from_one_computer_are_slowed_down(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    answers = [computer.enroll(site, identifier("guess")).status_code for _ in range(202)]
    assert answers[:200] == [404] * 200
    assert 429 in answers[200:]
    site.clock.ms += 60_000
    assert computer.enroll(site, owner.make_ticket(site)).status_code == 200


def test_an_answer_to_strangers_names_nothing_of_what_they_sent(site: Site) -> None:
    canary = "canary-of-a-body"
    body = json.dumps({"v": 1, "account": canary}).encode()
    for path in ("/api/agent/enroll", "/api/agent/poll", "/api/agent/batch", "/api/signup", "/api/login"):
        answer = site.client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 401, 403)
        assert canary not in answer.text
