"""What the server checks of a roster before it stores it, and what follows from one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.company import Computer, Owner, Site, code_of, jws, public_rsa, signing_key
from tests.server.ingest.support import identifier

from reteamz.wire.encoding import sha256
from reteamz.wire.jwk import PublicRsa


def post(site: Site, owner: Owner, members: list[Any] | None = None, **changes: Any) -> Any:
    roster, devices = owner.documents(members, **changes)
    return site.call("POST", "/api/rosters", {"roster": roster, "devices": devices})


def test_versions_follow_each_other(site: Site, owner: Owner) -> None:
    head = owner.next().post(site)
    assert head.status_code == 201
    assert head.json() == {"version": 2, "sha256": owner.head().sha256}
    assert [one["version"] for one in site.told("/api/rosters")["rosters"]] == [1, 2]
    assert [one["version"] for one in site.told("/api/rosters?since=1")["rosters"]] == [2]
    assert code_of(owner.post(site)) == (409, "roster_conflict"), "the same version again"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 3}, "roster_refused"),
        ({"prev": "A" * 43}, "roster_conflict"),
        ({"account": identifier("another")}, "roster_refused"),
        ({"list_account": identifier("another")}, "roster_refused"),
        ({"epoch": 0, "sealing": None}, "roster_refused"),
        ({"mode": "plain", "epoch": 0, "sealing": None}, "roster_refused"),
        ({"sealing": None}, "roster_refused"),
        ({"sealing": PublicRsa("RSA", "AQAB", "AQAB", "RSA-OAEP-256")}, "key_refused"),
        ({"key": signing_key("a stranger")}, "signature_invalid"),
    ],
)
def test_a_roster_that_breaks_a_rule_is_refused(site: Site, owner: Owner, changes: dict[str, Any], code: str) -> None:
    owner.next()
    assert code_of(post(site, owner, **changes))[1] == code
    assert site.told("/api/account")["roster"]["version"] == 1
    assert owner.post(site).status_code == 201, "the right one is still taken"


def test_members_stay_one_owner_and_distinct(site: Site, owner: Owner) -> None:
    owner.next()
    other = identifier("other")
    for members in (
        [],
        [owner.entry(), owner.entry()],
        [owner.entry(), owner.entry(id=other)],
        [owner.entry(role="manager")],
        [owner.entry(state="removed")],
        [owner.entry(id=other)],
        [owner.entry(exchange="A" * 43)],
    ):
        assert code_of(post(site, owner, members)) == (400, "roster_refused")


def test_a_removed_member_or_device_never_comes_back(site: Site, owner: Owner, computer: Computer) -> None:
    owner.next(devices=[computer.entry(state="removed", last=computer.last())])
    assert owner.post(site).status_code == 201
    assert site.told("/api/devices")[0]["state"] == "removed"
    owner.next(devices=[computer.entry()])
    assert code_of(owner.post(site)) == (400, "roster_refused")
    owner.devices = []
    assert code_of(owner.post(site)) == (400, "roster_refused")


def test_a_roster_names_only_devices_that_are_here_with_their_keys(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    owner.next(devices=[computer.entry()])
    assert code_of(owner.post(site)) == (400, "roster_refused")
    computer.enroll(site, owner.make_ticket(site))
    owner.devices = [computer.entry(exchange="A" * 43)]
    assert code_of(owner.post(site)) == (400, "roster_refused")
    owner.devices = [computer.entry()]
    assert owner.post(site).status_code == 201


def test_a_header_other_than_the_agreed_one_is_refused(site: Site, owner: Owner) -> None:
    owner.next()
    roster, devices = owner.documents()
    payload = {"v": 1}
    for header in (
        {"alg": "none", "typ": "reteamz-roster+1"},
        {"alg": "EdDSA", "typ": "reteamz-roster+1"},
        {"alg": "Ed25519", "typ": "reteamz-grant+1"},
        {"alg": "Ed25519", "typ": "reteamz-roster+1", "crit": ["b64"], "b64": False},
        {"alg": "Ed25519", "typ": "reteamz-roster+1", "jwk": {}},
    ):
        text = jws(owner.key, "reteamz-roster+1", payload, header)
        answer = site.call("POST", "/api/rosters", {"roster": text, "devices": devices})
        assert code_of(answer)[1] == "header_refused"
    unsigned = roster.rsplit(".", 1)[0] + "."
    answer = site.call("POST", "/api/rosters", {"roster": unsigned, "devices": devices})
    assert code_of(answer)[1] == "signature_invalid"


def test_roster_bundle_and_grants_are_stored_together_or_not_at_all(site: Site, owner: Owner) -> None:
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.next(devices=[computer.entry()])
    good = {"recipient": computer.recipient, "grant": owner.grant(computer.recipient)}
    bad_grants = (
        {"recipient": "A" * 43, "grant": owner.grant(computer.recipient)},
        {"recipient": computer.recipient, "grant": owner.grant(computer.recipient, account=identifier("another"))},
        {"recipient": computer.recipient, "grant": owner.grant(computer.recipient, key=5)},
        {"recipient": computer.recipient, "grant": jws(signing_key("stranger"), "reteamz-grant+1", {})},
    )
    for bad in bad_grants:
        answer = owner.post(site, grants=[good, bad], bundle="second", base=sha256(b"a sealed bundle"))
        assert answer.status_code >= 400
    assert code_of(owner.post(site, grants=[good], bundle="second", base="A" * 43)) == (409, "bundle_conflict")
    assert site.told("/api/account")["roster"]["version"] == 1
    assert site.told("/api/devices")[0]["state"] == "waiting"
    assert site.told("/api/bundle") == {"bundle": "a sealed bundle"}
    assert computer.poll(site).json()["grant"] is None
    answer = owner.post(site, grants=[good], bundle="second", base=sha256(b"a sealed bundle"))
    assert answer.status_code == 201
    assert site.told("/api/bundle") == {"bundle": "second"}
    assert computer.poll(site).json()["grant"] == good["grant"]


def test_a_grant_is_never_replaced_by_an_older_one(site: Site, owner: Owner, computer: Computer) -> None:
    owner.next()
    old = {"recipient": computer.recipient, "grant": owner.grant(computer.recipient, seq=1)}
    assert code_of(owner.post(site, grants=[old])) == (409, "roster_conflict")
    new = {"recipient": computer.recipient, "grant": owner.grant(computer.recipient, seq=2)}
    assert owner.post(site, grants=[new]).status_code == 201
    assert site.told("/api/keys")["devices"][0]["seq"] == 2


def test_encryption_is_enabled_once_and_for_all(site: Site) -> None:
    owner = Owner("plain", mode="plain").sign_up(site)
    assert site.told("/api/account")["mode"] == "plain"
    owner.next(mode="encrypted", epoch=1)
    assert owner.post(site).status_code == 201
    account = site.told("/api/account")
    assert (account["mode"], account["epoch"]) == ("encrypted", 1)
    assert "encryption_enabled" in [entry["action"] for entry in site.told("/api/audit")["entries"]]
    owner.next(mode="plain", epoch=0)
    assert code_of(owner.post(site)) == (400, "roster_refused")


def test_nobody_posts_a_roster_for_another_account(site: Site, owner: Owner) -> None:
    other = Owner("other").sign_up(site)
    owner.next()
    assert owner.post(site).status_code >= 400, "the other owner is logged in"
    assert site.told("/api/account")["account"] == other.account
    assert site.told("/api/account")["roster"]["version"] == 1


def test_of_two_posts_at_the_same_time_one_wins(site: Site, owner: Owner) -> None:
    from concurrent.futures import ThreadPoolExecutor

    owner.next()
    roster, devices = owner.documents()
    site.call("GET", "/healthz")
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: site.call("POST", "/api/rosters", {"roster": roster, "devices": devices}), range(4))
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_a_sealing_key_is_a_key(site: Site, owner: Owner) -> None:
    assert public_rsa("sealing").n != public_rsa("owner").n
    owner.next()
    assert post(site, owner, sealing=public_rsa("another")).status_code == 201
