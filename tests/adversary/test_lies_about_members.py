"""What a hostile server tells about members: to the owner who confirms, and to the one who was invited. Both refuse and say why."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import BrowserContext, expect
from tests.adversary.conftest import Lying, lie
from tests.browser import PASSWORD, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import now

from reteamz.crypto.bundle import new_bundle
from reteamz.crypto.enrolment import decode_code
from reteamz.crypto.grant import sign_member_grant
from reteamz.crypto.keyring import new_epoch
from reteamz.crypto.keys import make_okp, make_rsa
from reteamz.crypto.membership import sign_invitation, sign_join
from reteamz.owner.client import Owner
from reteamz.owner.joining import Invited
from reteamz.owner.member import Member
from reteamz.wire.errors import ReteamzError
from reteamz.wire.members import Invitation, Membership, MemberView


@dataclass
class Account:
    """An owner, and how many were invited so far."""

    owner: Owner
    emails: int = 0
    open: list[Invited | Member] = field(default_factory=list)

    def email(self) -> str:
        self.emails += 1
        return f"guest-{self.emails}@company.example"

    def invited(self, email: str = "", lying: Lying | None = None, **offer: Any) -> Invited:
        """Invite a manager, who joins, behind a connection that may lie."""
        http = None if lying is None else httpx.Client(transport=lying)
        code = self.owner.invite("manager", label="Guest", **offer)
        made = Invited.join(code, email or self.email(), PASSWORD, now, http)
        self.open.append(made)
        return made

    def waiting(self, guest: Invited) -> MemberView:
        return next(member for member in self.owner.members() if member.id == guest.member)

    def welcomed(self, lying: Lying | None = None, **offer: Any) -> Invited:
        guest = self.invited(lying=lying, **offer)
        self.owner.welcome([self.waiting(guest)])
        return guest


@pytest.fixture(scope="module")
def account(server: RealServer) -> Iterator[Account]:
    made = Account(Owner.sign_up(server.url, "liars@company.example", PASSWORD, "Lamplight Works", now=now))
    yield made
    for one in made.open:
        one.connection.close()
    made.owner.close()


def refused(code: str, work: Any, *arguments: Any) -> None:
    with pytest.raises(ReteamzError) as caught:
        work(*arguments)
    assert caught.value.code == code


def grant_of(guest: Invited) -> str:
    told = guest.connection.get("/api/membership", Membership)
    assert told.grant is not None
    return told.grant


def test_21_swapped_keys_of_an_invited_member(account: Account) -> None:
    """A server that redeems the ticket itself does not know the secret; one that changes what was sent breaks a signature."""
    owner = account.owner
    guest = account.invited()
    told = account.waiting(guest)
    head = owner.roster.head
    code = decode_code(owner.invite("manager", label="Other"), now())
    stranger = msgspec.structs.replace(new_bundle(owner.account, guest.member), owner=owner.bundle.owner)
    assert told.ticket is not None
    guessed = msgspec.structs.replace(code, ticket=told.ticket.id, secret=bytes(16))
    own = json.loads(base64.urlsafe_b64decode(told.join.split(".")[1] + "=="))
    parts = told.join.split(".")
    settings = json.dumps({**own, "settings": msgspec.to_builtins(make_okp().public())}).encode()
    swapped = ".".join([parts[0], base64.urlsafe_b64encode(settings).decode().rstrip("="), parts[2]])
    for join in (sign_join(stranger, guessed), sign_join(stranger, code), swapped):
        refused("enrolment_forged", owner.welcome, [msgspec.structs.replace(told, join=join)])
    assert owner.roster.head == head, "nothing was signed"
    owner.welcome([told])
    member = guest.enter()
    assert member.bundle.keyring["1"].master == owner.bundle.keyring["1"].master


def test_21_swapped_keys_in_the_owners_browser(account: Account, context: BrowserContext) -> None:
    owner, page = account.owner, context.new_page()
    guest = account.invited(email := account.email())
    code = decode_code(owner.invite("manager", label="Other"), now())
    stranger = new_bundle(owner.account, guest.member, owner.bundle.owner)

    def swap(told: Any) -> None:
        for member in told:
            if member["id"] == guest.member:
                member["join"] = sign_join(stranger, msgspec.structs.replace(code, ticket=member["ticket"]["id"]))

    log_in(page, owner.connection.server, "liars@company.example")
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    lie(page, "**/api/members", swap)
    open_page(page, f"{owner.connection.server}/people")
    page.get_by_test_id("joining").locator("li", has_text=email).get_by_role("button", name="Confirm").click()
    page.fill("#welcome-password", PASSWORD)
    page.click("#welcome-dialog button[type=submit]")
    expect(page.locator("#welcome-dialog .dialog-problem")).to_contain_text("enrolment_forged")
    assert not [url for url in posted if "rosters" in url]
    owner.connection.send("POST", f"/api/members/{guest.member}/refuse")


def test_another_role_rights_or_departments_than_the_owner_signed(account: Account) -> None:
    """What the roster says comes from the owner's own signature, not from the server's list."""
    owner = account.owner
    guest = account.invited(rights=["ratings"])
    told = account.waiting(guest)
    assert told.ticket is not None
    lied = msgspec.structs.replace(told, role="owner", rights=["sealed", "settings"], departments=["A" * 22])
    wider = Invitation(1, owner.account, told.ticket.id, "manager", ["sealed"], [], None)
    by_server = sign_invitation(make_okp(), wider)
    refused("signature_invalid", owner.welcome, [msgspec.structs.replace(lied, invitation=by_server)])
    other = account.invited(rights=["sealed"])
    theirs = account.waiting(other).invitation
    refused("enrolment_forged", owner.welcome, [msgspec.structs.replace(lied, invitation=theirs)])
    owner.welcome([lied])
    entry = owner.roster.member(guest.member)
    assert entry is not None
    assert (entry.role, entry.rights, entry.departments) == ("manager", ["ratings"], [])
    assert guest.enter().bundle.keyring["1"].sealing is None, "no right, no sealing key"


def test_later_expiry_more_uses_and_a_second_redemption(account: Account) -> None:
    owner = account.owner
    told = account.waiting(account.invited())
    assert told.ticket is not None
    for changes in ({"expires": told.ticket.expires + 1}, {"uses": 2}, {"type": "device"}):
        ticket = msgspec.structs.replace(told.ticket, **changes)
        refused("enrolment_forged", owner.welcome, [msgspec.structs.replace(told, ticket=ticket)])
    refused("ticket_spent", owner.welcome, [msgspec.structs.replace(told, redemption=2)])
    refused("code_expired", owner.welcome, [msgspec.structs.replace(told, joined=told.ticket.expires + 1)])
    refused("enrolment_forged", owner.welcome, [msgspec.structs.replace(told, ticket=None)])


def test_another_exchange_key_when_a_grant_is_due(account: Account) -> None:
    """The grant goes to the key of the roster, which the joining proved; another one gets nothing."""
    told = account.waiting(account.invited())
    stranger = msgspec.structs.replace(told, exchange=make_rsa().public())
    refused("enrolment_forged", account.owner.welcome, [stranger])


def test_2_another_owner_than_the_code_names(account: Account, context: BrowserContext) -> None:
    owner = account.owner
    stranger = msgspec.to_builtins(make_okp().public())
    lying = Lying()
    lying.lies["/api/join/start"] = lambda told: told.update(owner=stranger)
    with httpx.Client(transport=lying) as http:
        code = owner.invite("manager", label="Guest")
        refused("owner_mismatch", lambda: Invited.join(code, account.email(), PASSWORD, now, http))
    assert not [path for path, _ in lying.asked if path == "/api/join"]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    lie(page, "**/api/join/start", lambda told: told.update(owner=stranger))
    page.goto(f"{owner.connection.server}/join#{code}")
    page.fill("#email", account.email())
    page.fill("#password", PASSWORD)
    page.click("#join button[type=submit]")
    expect(page.locator("#join .form-problem")).to_contain_text("owner_mismatch")
    assert not [url for url in asked if url.endswith("/api/join")]


def test_6_the_grant_of_somebody_else(account: Account) -> None:
    theirs = grant_of(account.welcomed(rights=["sealed"]))
    lying = Lying()
    guest = account.welcomed(lying)
    lying.lies["/api/membership"] = lambda told: told.update(grant=theirs)
    refused("grant_mismatch", guest.enter)


def test_3_a_grant_of_the_servers_own_making(account: Account) -> None:
    lying = Lying()
    guest = account.welcomed(lying)
    owner, told = account.owner, account.waiting(guest)
    forger = make_okp()
    forged = sign_member_grant(
        forger, told.exchange, owner.account, owner.roster.head, 1, 9, [], {"1": new_epoch()}, False
    )
    lying.lies["/api/membership"] = lambda told: told.update(grant=forged)
    refused("signature_invalid", guest.enter)
    lying.lies["/api/membership"] = lambda told: told.update(grant=forged, owner=msgspec.to_builtins(forger.public()))
    refused("owner_mismatch", guest.enter)


def test_5_an_old_grant_again_and_none_at_all(account: Account, server: RealServer) -> None:
    owner = account.owner
    lying = Lying()
    guest = account.invited(email := account.email(), lying)
    told = account.waiting(guest)
    owner.welcome([told])
    old = grant_of(guest)
    guest.enter()
    roster = owner.roster.roster
    owner._publish(
        owner.bundle,
        roster.mode,
        roster.epoch,
        roster.members,
        owner.roster.devices.devices,
        [],
        [account.waiting(guest)],
    )
    member = Member.log_in(server.url, email, PASSWORD, now)
    assert member.bundle.grant is not None
    assert member.bundle.grant.seq == 2
    member.close()
    lying.lies["/api/membership"] = lambda told: told.update(grant=old)
    refused("grant_replayed", guest.enter)
    fresh_lies = Lying()
    fresh = account.welcomed(fresh_lies)
    fresh_lies.lies["/api/membership"] = lambda told: told.update(grant=None)
    refused("bundle_mismatch", fresh.enter)


def test_a_roster_without_the_member_and_an_older_one(account: Account) -> None:
    lying = Lying()
    guest = account.welcomed(lying)

    def before(told: dict[str, Any]) -> None:
        told["rosters"] = [one for one in told["rosters"] if one["version"] < account.owner.roster.head.version]

    lying.lies["/api/rosters"] = before
    refused("roster_rollback", guest.enter)
    lying.lies["/api/membership"] = lambda told: told.update(grant=None)
    refused("bundle_mismatch", guest.enter)


def test_4_a_bundle_that_pins_another_owner(account: Account, server: RealServer) -> None:
    """A server that swaps the stored bundle has to make one that the member's password opens."""
    lying = Lying()
    guest = account.welcomed(lying)
    other = Owner.sign_up(server.url, account.email(), PASSWORD, "Other", now=now)
    theirs = other.connection.get("/api/bundle", dict)["bundle"]
    lying.lies["/api/bundle"] = lambda told: told.update(bundle=theirs)
    refused("bundle_mismatch", guest.enter)
    other.close()


def test_a_member_in_the_browser_refuses_what_is_not_for_them(account: Account, context: BrowserContext) -> None:
    theirs = grant_of(account.welcomed())
    email = account.email()
    guest = account.invited(email)
    account.owner.welcome([account.waiting(guest)])
    page = context.new_page()
    lie(page, "**/api/membership", lambda told: told.update(grant=theirs))
    page.goto(f"{account.owner.connection.server}/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#login button[type=submit]")
    expect(page.locator("#login .form-problem")).to_contain_text("grant_mismatch")
    page.unroute("**/api/membership")
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{account.owner.connection.server}/")
    expect(page.locator(".sidebar-company")).to_contain_text("Lamplight Works")
