"""What a hostile server tells an agent about its policy (spec 16): the agent keeps the one it had, tells the owner, and records no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.adversary.conftest import Computer
from tests.agent.sealed import signed_notices
from tests.web.conftest import now

from reteamz.agent.device import Device
from reteamz.crypto.grant import sign_agent_grant
from reteamz.crypto.keys import PrivateOkp, make_okp
from reteamz.crypto.policy import NONE, sign_policy
from reteamz.owner.client import Owner
from reteamz.owner.policy import publish_policy, read_policy
from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.jwk import PublicOkp, thumbprint
from reteamz.wire.policy import INHERITED, Exclusion, Hours, PolicyHead, PolicyTree

POLL = "/api/agent/poll"
CANARY = "canary clinic"


def tree(**changes: Any) -> PolicyTree:
    return PolicyTree(settings=msgspec.structs.replace(INHERITED, **changes), departments=[], persons=[])


NARROW = tree(detail="applications", exclusions=[Exclusion([], CANARY, True, "skip")])
WIDE = tree(detail="everything", urls=True, records=["screenshot", "text"])


def following(owner: Owner, before: PolicyHead, some: PolicyTree, key: PrivateOkp | None = None, **other: Any) -> str:
    """Return a policy that the owner, or somebody else, signed and the server never stored."""
    account, entry = other.get("account", owner.account), other.get("entry", lambda text: owner.entry("label", text))
    return sign_policy(key or owner.bundle.settings, account, before, now(), some, entry)


def head(jws: str, version: int) -> PolicyHead:
    return PolicyHead(version, sha256(jws.encode()))


@pytest.fixture
def confirmed(owner: Owner, computer: Computer) -> Computer:
    """A computer with a grant; what the server really holds as a policy is kept from it."""
    owner.confirm(owner.waiting())
    computer.lying.lies[POLL] = lambda told: told.update(policy=None)
    computer.device.sync.poll_once()
    return computer


def told(computer: Computer, jws: str, signer: PublicOkp, **more: Any) -> str | None:
    """Let the server tell this policy; return the code of what is wrong with it."""
    policy = {"version": 1, "jws": jws, "signer": msgspec.to_builtins(signer)}
    computer.lying.lies[POLL] = lambda answer: answer.update(policy=policy, **more)
    assert computer.device.sync.poll_once() == "confirmed"
    problem = computer.device.sync.policy_problem
    return problem.code if problem is not None else None


def test_a_policy_is_in_force_at_once_and_after_a_restart(owner: Owner, confirmed: Computer, tmp_path: Path) -> None:
    settings = owner.bundle.settings.public()
    assert confirmed.device.policy.version == 0
    assert told(confirmed, following(owner, NONE, NARROW), settings) is None
    assert (confirmed.device.policy.version, confirmed.device.policy.detail) == (1, "applications")
    assert CANARY.encode() not in (tmp_path / "agent" / "state.json").read_bytes()
    confirmed.device.close()
    confirmed.device = Device.open(tmp_path / "agent", confirmed.http, now)
    assert (confirmed.device.policy.version, confirmed.device.policy.detail) == (1, "applications")
    confirmed.device.sync.poll_once()
    assert b'"policy":1' in confirmed.lying.asked[-1][1]


def test_what_is_refused_leaves_the_policy_before_in_force(owner: Owner, confirmed: Computer) -> None:
    settings, stranger = owner.bundle.settings.public(), make_okp()
    first = following(owner, NONE, WIDE)
    second = following(owner, head(first, 1), NARROW)
    assert told(confirmed, first, settings) is None
    assert told(confirmed, second, settings) is None
    foreign = following(owner, head(second, 2), WIDE, stranger)
    fork = following(owner, head(first, 1), WIDE)
    third = following(owner, head(second, 2), WIDE)
    protected, body, signature = third.split(".")
    altered = f"{protected}.{body[:40]}{'A' if body[40] != 'A' else 'B'}{body[41:]}.{signature}"
    for jws, signer, code in (
        (first, settings, "policy_rollback"),
        (fork, settings, "policy_fork"),
        (following(owner, head(fork, 2), WIDE), settings, "policy_fork"),
        (foreign, stranger.public(), "policy_refused"),
        (foreign, settings, "signature_invalid"),
        (third, stranger.public(), "policy_refused"),
        (altered, settings, "signature_invalid"),
        (following(owner, head(second, 2), WIDE, account=b64encode(bytes(16))), settings, "policy_refused"),
        ("no jws", settings, "header_refused"),
    ):
        assert told(confirmed, jws, signer) == code
        policy = confirmed.device.policy
        assert (policy.version, policy.detail, policy.urls, policy.records) == (2, "applications", False, frozenset())
    assert told(confirmed, second, settings) is None


def test_the_owner_is_told_once_of_each_policy_that_is_refused(
    owner: Owner, confirmed: Computer, tmp_path: Path
) -> None:
    def arrived() -> list[tuple[str, str, int]]:
        confirmed.device.flush()
        confirmed.device.sync.push_all()
        return signed_notices(owner, confirmed.device.trust.state.device)

    settings = owner.bundle.settings.public()
    first = following(owner, NONE, NARROW)
    second = following(owner, head(first, 1), NARROW)
    assert told(confirmed, second, settings) is None
    for _ in range(3):
        assert told(confirmed, first, settings) == "policy_rollback"
    assert arrived() == [("policy_refused", "", 1)]
    confirmed.device.close()
    confirmed.device = Device.open(tmp_path / "agent", confirmed.http, now)
    assert told(confirmed, first, settings) == "policy_rollback"
    assert len(arrived()) == 1, "a restart is no news"
    assert told(confirmed, "no jws", settings) == "header_refused"
    assert arrived() == [("policy_refused", "", 1)] * 2


def test_a_policy_that_cannot_be_read_whole_is_not_followed_in_part(owner: Owner, confirmed: Computer) -> None:
    settings = owner.bundle.settings.public()
    damaged = owner.entry("label", CANARY)
    damaged = damaged[:-4] + ("AAAA" if damaged[-4:] != "AAAA" else "BBBB")
    later = damaged.replace("rtz1.label.1.", "rtz1.label.2.")
    looking = owner.entry("label", "(?=bank)")
    for entry, code in ((damaged, "token_damaged"), (later, "token_epoch_unknown"), (looking, "pattern_invalid")):
        policy = following(owner, NONE, NARROW, entry=lambda _, entry=entry: entry)
        assert told(confirmed, policy, settings) == code
        assert confirmed.device.policy.version == 0


def test_a_removed_members_policy(owner: Owner, confirmed: Computer, tmp_path: Path) -> None:
    """A grant that no longer names the signer ends at once what the policy asks for; what it takes away still holds, here the hours."""
    settings = owner.bundle.settings.public()
    hours: Hours = [[(480, 1020)]] * 5 + [[], []]
    wide = tree(detail="everything", urls=True, records=["screenshot", "text"], hours=hours)
    assert told(confirmed, following(owner, NONE, wide), settings) is None
    assert confirmed.device.policy.records == {"screenshot", "text"}
    state = confirmed.device.trust.state
    assert state.policy is not None
    keys, successor = owner.bundle.keyring["1"], make_okp()
    exchange = next(key.exchange for key in owner.keys().devices if key.id == state.device)
    grant = sign_agent_grant(
        owner.bundle.identity, exchange, owner.account, owner.roster.head, 1, 7,
        [thumbprint(successor.public())], keys.master, keys.sealing.public(),
    )  # fmt: skip
    assert told(confirmed, state.policy.jws, settings, grant=grant) == "policy_refused"
    policy = confirmed.device.policy
    assert (policy.version, policy.records, policy.urls, policy.hours) == (1, frozenset(), False, hours)
    another = following(owner, NONE, NARROW, successor)
    assert told(confirmed, another, successor.public(), grant=grant) == "policy_fork"
    confirmed.device.close()
    confirmed.device = Device.open(tmp_path / "agent", confirmed.http, now)
    policy = confirmed.device.policy
    assert (policy.version, policy.records, policy.urls, policy.hours) == (1, frozenset(), False, hours)
    assert told(confirmed, another, successor.public(), grant=grant) == "policy_fork"
    assert (
        told(confirmed, following(owner, state.policy.head, NARROW, successor), successor.public(), grant=grant) is None
    )
    assert confirmed.device.policy.detail == "applications"


def test_the_real_servers_policy_is_read_back_and_followed(owner: Owner, computer: Computer) -> None:
    owner.confirm(owner.waiting())
    first = publish_policy(owner, NARROW, now())
    computer.device.sync.poll_once()
    assert computer.device.policy.version == first.head.version
    second = publish_policy(owner, WIDE, now(), first)
    assert second.policy is not None
    assert read_policy(owner, second.policy) == WIDE
    computer.device.sync.poll_once()
    assert computer.device.policy.records == {"screenshot", "text"}


def test_an_anonymous_computer_follows_nothing(owner: Owner, computer: Computer) -> None:
    policy = {"version": 1, "jws": following(owner, NONE, WIDE), "signer": msgspec.to_builtins(owner.bundle.settings.public())}  # fmt: skip
    computer.lying.lies[POLL] = lambda answer: answer.update(policy=policy)
    computer.device.sync.poll_once()
    assert computer.device.policy.version == 0
    assert computer.device.trust.state.policy is None
