"""What a hostile server tells an agent about rules (spec 12): the agent keeps those it had, says why, and goes on recording."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.adversary.conftest import Computer
from tests.web.conftest import now
from zstandard import ZstdDecompressor

from reteamz.agent.device import Device
from reteamz.agent.samples import Sample
from reteamz.crypto.grant import sign_agent_grant
from reteamz.crypto.keys import PrivateOkp, make_okp
from reteamz.crypto.rules import NONE, sign_rules
from reteamz.crypto.tokens import plain_entry
from reteamz.owner.client import Owner
from reteamz.owner.rules import publish_rules, read_rules
from reteamz.wire.batch import Batch
from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.jwk import PublicOkp, thumbprint
from reteamz.wire.rules import Category, Rule, RulesHead, RuleTree

POLL = "/api/agent/poll"


def tree(pattern: str, rating: Any = 2) -> RuleTree:
    categories = [Category(1, None, "Work", None), Category(2, 1, "Canary offers", rating)]
    return RuleTree(categories=categories, rules=[Rule(2, [], pattern, False)], overrides=[])


def next_rules(owner: Owner, before: RulesHead, some: RuleTree, key: PrivateOkp | None = None, **other: Any) -> str:
    """Return rules that the owner, or somebody else, signed and the server never stored."""
    account, entry = other.get("account", owner.account), other.get("entry", lambda text: owner.entry("label", text))
    return sign_rules(key or owner.bundle.settings, account, before, now(), some, entry)


def head(jws: str, version: int) -> RulesHead:
    return RulesHead(version, sha256(jws.encode()))


@pytest.fixture
def confirmed(owner: Owner, computer: Computer) -> Computer:
    """A computer with a grant; what the server really holds as rules is kept from it."""
    owner.confirm(owner.waiting())
    computer.lying.lies[POLL] = lambda told: told.update(rules=None)
    computer.device.sync.poll_once()
    return computer


def told(computer: Computer, owner: Owner, jws: str, signer: PublicOkp | None = None, version: int = 1) -> str | None:
    """Let the server tell these rules; return the code of what is wrong with them."""
    key = msgspec.to_builtins(signer or owner.bundle.settings.public())
    rules = {"version": version, "jws": jws, "signer": key}
    computer.lying.lies[POLL] = lambda answer: answer.update(rules=rules)
    assert computer.device.sync.poll_once() == "confirmed"
    problem = computer.device.sync.rules_problem
    return problem.code if problem is not None else None


def rating(computer: Computer, title: str) -> int:
    """Record a title; return the rating that was sent."""
    computer.tell(title)
    sent = [body for path, body in computer.lying.asked if path == "/api/agent/batch"]
    assert sent
    batch = msgspec.json.decode(ZstdDecompressor().decompress(sent[-1]), type=Batch)
    return batch.events[-1][11]


def test_rules_rate_what_is_recorded(owner: Owner, confirmed: Computer, tmp_path: Path) -> None:
    assert rating(confirmed, "Offer 1") == -1
    assert told(confirmed, owner, next_rules(owner, NONE, tree("^Offer"))) is None
    assert rating(confirmed, "Offer 2") == 2
    assert rating(confirmed, "News") == -1
    assert b"Canary" not in (tmp_path / "agent" / "state.json").read_bytes()
    confirmed.device.close()
    confirmed.device = Device.open(tmp_path / "agent", confirmed.http, now)
    assert rating(confirmed, "Offer 3") == 2
    polls = [body for path, body in confirmed.lying.asked if path == POLL]
    confirmed.device.sync.poll_once()
    assert b'"rules"' not in polls[0]
    assert b'"rules":1' in confirmed.lying.asked[-1][1]


def test_what_is_refused_leaves_the_rules_before_in_force(owner: Owner, confirmed: Computer) -> None:
    first = next_rules(owner, NONE, tree("^Offer"))
    second = next_rules(owner, head(first, 1), tree("^Offer", 1))
    assert told(confirmed, owner, first) is None
    assert told(confirmed, owner, second) is None
    stranger = make_okp()
    foreign = next_rules(owner, head(second, 2), tree("^Offer", 0), stranger)
    fork = next_rules(owner, head(first, 1), tree("^Offer", 0))
    elsewhere = next_rules(owner, head(second, 2), tree("x"), account=b64encode(bytes(16)))
    plain = next_rules(owner, head(second, 2), tree("^Offer", 0), entry=lambda text: plain_entry("label", text))
    third = next_rules(owner, head(second, 2), tree("^Offer", 0))
    protected, body, signature = third.split(".")
    altered = f"{protected}.{body[:40]}{'A' if body[40] != 'A' else 'B'}{body[41:]}.{signature}"
    for jws, signer, code in (
        (first, None, "rules_rollback"),
        (fork, None, "rules_fork"),
        (next_rules(owner, head(fork, 2), tree("x")), None, "rules_fork"),
        (foreign, stranger.public(), "rules_refused"),
        (foreign, None, "signature_invalid"),
        (third, stranger.public(), "rules_refused"),
        (altered, None, "signature_invalid"),
        (elsewhere, None, "rules_refused"),
        (plain, None, "plain_refused"),
        ("no jws", None, "header_refused"),
    ):
        assert told(confirmed, owner, jws, signer) == code
        assert rating(confirmed, "Offer 4711") == 1
    assert told(confirmed, owner, second) is None


def test_a_pattern_moved_from_another_field_or_damaged(owner: Owner, confirmed: Computer) -> None:
    """Only the signer can do that: rules that this computer cannot read whole are not obeyed in part."""
    damaged = owner.entry("label", "^Offer")
    damaged = damaged[:-4] + ("AAAA" if damaged[-4:] != "AAAA" else "BBBB")
    assert told(confirmed, owner, next_rules(owner, NONE, tree("x"), entry=lambda _: damaged)) == "token_damaged"
    later = damaged.replace("rtz1.label.1.", "rtz1.label.2.")
    assert told(confirmed, owner, next_rules(owner, NONE, tree("x"), entry=lambda _: later)) == "token_epoch_unknown"
    looking = owner.entry("label", "(?=Offer)")
    assert told(confirmed, owner, next_rules(owner, NONE, tree("x"), entry=lambda _: looking)) == "pattern_invalid"
    assert rating(confirmed, "Offer 4711") == -1


def test_a_removed_members_key(owner: Owner, confirmed: Computer, tmp_path: Path) -> None:
    """A grant that no longer names the signer ends its rules at once, and older ones do not come back."""
    assert told(confirmed, owner, next_rules(owner, NONE, tree("x"))) is None
    keys = owner.bundle.keyring["1"]
    state = confirmed.device.trust.state
    exchange = next(key.exchange for key in owner.keys().devices if key.id == state.device)
    successor = make_okp()
    grant = sign_agent_grant(
        owner.bundle.identity, exchange, owner.account, owner.roster.head, 1, 7,
        [thumbprint(successor.public())], keys.master, keys.sealing.public(),
    )  # fmt: skip
    confirmed.lying.lies[POLL] = lambda answer: answer.update(grant=grant, rules=None)
    confirmed.device.sync.poll_once()
    assert confirmed.device.trust.rules == 0
    assert rating(confirmed, "x") == -1
    assert state.rules is not None

    def with_grant(jws: str, signer: PublicOkp, version: int) -> str | None:
        rules = {"version": version, "jws": jws, "signer": msgspec.to_builtins(signer)}
        confirmed.lying.lies[POLL] = lambda answer: answer.update(grant=grant, rules=rules)
        confirmed.device.sync.poll_once()
        problem = confirmed.device.sync.rules_problem
        return problem.code if problem is not None else None

    assert with_grant(state.rules.jws, owner.bundle.settings.public(), 1) == "rules_refused"
    same_version = next_rules(owner, NONE, tree("^Offer"), successor)
    assert with_grant(same_version, successor.public(), 1) == "rules_fork"
    confirmed.device.close()
    confirmed.device = Device.open(tmp_path / "agent", confirmed.http, now)
    assert with_grant(same_version, successor.public(), 1) == "rules_fork"
    assert with_grant(next_rules(owner, state.rules.head, tree("^Offer"), successor), successor.public(), 2) is None
    assert rating(confirmed, "Offer 4711") == 2


def test_a_catastrophic_pattern_takes_no_time(owner: Owner, confirmed: Computer) -> None:
    """A backtracking engine would need longer than the universe has lasted; here the largest name takes a moment."""
    some = tree(r"^(?:(?:a+)+)+$")
    worst = [Rule(2, [], pattern, True) for pattern in (r"(?:.*a){40}$", r"(?:a?){500}b", r"(?:(?:.?){30}){30}x")] * 30
    some = msgspec.structs.replace(some, rules=[*some.rules, *worst])
    assert told(confirmed, owner, next_rules(owner, NONE, some)) is None
    start = time.monotonic()
    assert rating(confirmed, "a" * 4_000 + "!") == -1
    assert time.monotonic() - start < 20


def test_the_real_servers_rules_are_read_back_and_followed(owner: Owner, computer: Computer) -> None:
    owner.confirm(owner.waiting())
    first = publish_rules(owner, tree("^Offer"), now())
    computer.device.sync.poll_once()
    assert computer.device.trust.rules == first.head.version
    assert rating(computer, "Offer 4711") == 2
    second = publish_rules(owner, tree("^Offer", 0), now(), first)
    assert second.rules is not None
    assert read_rules(owner, second.rules) == tree("^Offer", 0)
    computer.device.sync.poll_once()
    assert rating(computer, "Offer 4712") == 0


def test_an_anonymous_computer_obeys_nothing(owner: Owner, computer: Computer) -> None:
    rules = {"version": 1, "jws": next_rules(owner, NONE, tree("x")), "signer": msgspec.to_builtins(owner.bundle.settings.public())}  # fmt: skip
    computer.lying.lies[POLL] = lambda answer: answer.update(rules=rules)
    computer.device.sync.poll_once()
    assert computer.device.trust.rules == 0
    computer.device.feed(Sample(now() - 60_000, duration=1000, person="Otti Marsh", app="x", title="x"))
    computer.device.flush()
    computer.device.sync.push_all()
    assert computer.device.trust.state.rules is None
