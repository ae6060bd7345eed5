"""What each suite runs, from JSON inputs to a JSON output: the Python side of `web/core/src/vectors.ts`."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from reteamz.agent.policy import Policy
from reteamz.agent.samples import Sample
from reteamz.crypto import (
    bundle,
    enrolment,
    fingerprint,
    grant,
    kdf,
    membership,
    names,
    patterns,
    recovery,
    sealing,
    tokens,
)
from reteamz.crypto.batch import ChainVerifier
from reteamz.crypto.categories import import_categories
from reteamz.crypto.keys import PrivateRsa
from reteamz.crypto.matching import Matcher
from reteamz.crypto.policy import TrustedPolicy
from reteamz.crypto.prune import open_prune
from reteamz.crypto.roster import TrustedRoster
from reteamz.crypto.rules import TrustedRules
from reteamz.wire.accounts import Kdf
from reteamz.wire.batch import Batch, Head, RosterHead, decode_body
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.grant import GrantState
from reteamz.wire.jwk import PublicOkp, PublicRsa, ed25519_key, thumbprint
from reteamz.wire.policy import DEFAULT, PolicyHead, PolicyTree, layers_for, resolved
from reteamz.wire.policy import require_tree as require_tree_of_policy
from reteamz.wire.prune import PruneMark, must_be_restated, restated
from reteamz.wire.roster import DeviceEntry
from reteamz.wire.rules import RulesHead, RuleTree, category_ratings, require_tree
from reteamz.wire.signing import verify_jws

Inputs = dict[str, Any]
T = TypeVar("T")


def _as(kind: type[T], value: Any) -> T:
    return msgspec.convert(value, kind)


def base64(i: Inputs) -> Any:
    """Text → hex."""
    return b64decode(i["text"]).hex()


def name(i: Inputs) -> Any:
    """Field and text (UTF-16 code units as JSON) → normalised text."""
    return names.normalise(i["field"], i["text"])


def password(i: Inputs) -> Any:
    """Password → stretched, auth and wrap key."""
    stretched = kdf.stretch(i["password"], _as(Kdf, i["kdf"]), i["least"])
    return {
        "stretched": b64encode(stretched),
        "auth": b64encode(kdf.auth_key(stretched)),
        "wrap": b64encode(kdf.wrap_key(stretched)),
    }


def token(i: Inputs) -> Any:
    """Name → token."""
    return tokens.TokenCipher(b64decode(i["master"]), i["epoch"]).encrypt(i["field"], i["text"])


def token_open(i: Inputs) -> Any:
    """Token → name."""
    return tokens.TokenCipher(b64decode(i["master"]), i["epoch"]).decrypt(i["token"])


def text(i: Inputs) -> Any:
    """Running text → text with names."""
    return tokens.TokenReader({int(e): b64decode(m) for e, m in i["masters"].items()}).replace(i["text"])


def prints(i: Inputs) -> Any:
    """Keys → thumbprints and fingerprints."""
    identity, exchange = _as(PublicOkp, i["okp"]), _as(PublicRsa, i["rsa"])
    return {
        "okp": thumbprint(identity),
        "rsa": thumbprint(exchange),
        "owner": fingerprint.show(fingerprint.owner_fingerprint(identity)),
        "device": fingerprint.show(fingerprint.device_fingerprint(identity, exchange)),
    }


def jws(i: Inputs) -> Any:
    """JWS → payload as text."""
    return verify_jws(ed25519_key(_as(PublicOkp, i["key"])), i["typ"], i["jws"]).decode()


def open_bundle(i: Inputs) -> Any:
    """Bundle → payload."""
    return msgspec.to_builtins(bundle.open_bundle(i["bundle"], b64decode(i["wrap"]), i["account"], i["member"]))


def open_kit(i: Inputs) -> Any:
    """Kit and code → payload."""
    return msgspec.to_builtins(recovery.open_kit(recovery.read_kit(i["kit"].encode()), i["code"]))


def roster(i: Inputs) -> Any:
    """Rosters, one after the other → the head."""
    (first, devices), *rest = i["rosters"]
    trusted = TrustedRoster.first(
        i["account"], _as(PublicOkp, i["owner"]), i["pinned"], _as(RosterHead, i["mark"]), first, devices
    )
    for text_, devices in rest:
        trusted = trusted.update(text_, devices)
    return msgspec.to_builtins(trusted.head)


def code(i: Inputs) -> Any:
    """Enrolment code → what it says."""
    found = enrolment.decode_code(i["code"], i["now"])
    fields = {f: getattr(found, f) for f in ("type", "mode", "account", "ticket", "expires", "uses", "server")}
    return {**fields, "owner": b64encode(found.owner), "secret": b64encode(found.secret)}


def mac(i: Inputs) -> Any:
    """Redemption → accepted."""
    ticket = _as(enrolment.Ticket, i["ticket"])
    enrolment.check_mac(
        b64decode(i["enrol"]), ticket, i["account"], i["signing"], i["exchange"], i["mac"], i["redeemed"]
    )
    return True


def accept(i: Inputs) -> Any:
    """Grant → keys and what is remembered."""
    keys, state = grant.accept_grant(
        i["grant"],
        _as(PublicOkp, i["owner"]),
        b64decode(i["pinned"]),
        i["account"],
        _as(PrivateRsa, i["exchange"]),
        None if i["state"] is None else _as(GrantState, i["state"]),
    )
    return {"keys": msgspec.to_builtins(keys), "state": msgspec.to_builtins(state)}


def invitation(i: Inputs) -> Any:
    """Invitation → what it says."""
    owner = _as(PublicOkp, i["owner"])
    return msgspec.to_builtins(membership.read_invitation(owner, i["account"], i["ticket"], i["jws"]))


def join(i: Inputs) -> Any:
    """Joining → the keys that the code proves."""
    ticket = _as(enrolment.Ticket, i["ticket"])
    made = membership.check_join(b64decode(i["enrol"]), ticket, i["account"], i["member"], i["join"], i["redeemed"])
    return msgspec.to_builtins(made)


def take(i: Inputs) -> Any:
    """Bundle and grant → the bundle with its keys."""
    own, owner = _as(bundle.MemberBundle, i["bundle"]), _as(PublicOkp, i["owner"])
    (first, devices), *rest = i["rosters"]
    trusted = TrustedRoster.first(own.account, owner, thumbprint(owner), RosterHead(0, ""), first, devices)
    for text_, devices in rest:
        trusted = trusted.update(text_, devices)
    return msgspec.to_builtins(membership.take_grant(own, owner, trusted, i["grant"]))


def sealed(i: Inputs) -> Any:
    """Blob → caption and data."""
    keys = {int(epoch): _as(PrivateRsa, key) for epoch, key in i["keys"].items()}
    caption, data = sealing.unseal(keys, b64decode(i["blob"]), _as(sealing.Context, i["context"]))
    return {"caption": caption, "data": b64encode(data)}


def chain(i: Inputs) -> Any:
    """Journal → head and what was lost."""
    mark = _as(PruneMark, i["mark"]) if "mark" in i else None
    verifier = ChainVerifier(i["account"], _as(DeviceEntry, i["device"]), _as(PublicOkp, i["signing"]), None, mark)
    for seq, body, signature in i["entries"]:
        verifier.add(seq, body.encode(), signature)
    verifier.finish(_as(Head, i["head"]))
    return {"head": msgspec.to_builtins(verifier.head), "lost": [list(pair) for pair in verifier.lost]}


def notices(i: Inputs) -> Any:
    """Body → what its notices say, persons as entries."""
    batch = decode_body(i["body"].encode())
    assert isinstance(batch, Batch)
    return [[n.at, n.code, batch.tokens[n.person] if n.person >= 0 else "", n.count] for n in batch.notices]


def entry_token(i: Inputs) -> Any:
    """Plain entry → token."""
    return tokens.TokenCipher(b64decode(i["master"]), i["epoch"]).token_of(i["entry"])


def restatement(i: Inputs) -> Any:
    """Body → whether it must be restated, and its restatement."""
    message = decode_body(i["body"].encode())
    cipher = tokens.TokenCipher(b64decode(i["master"]), i["epoch"])
    return {"must": must_be_restated(message), "body": restated(message, i["prev"], cipher.token_of).decode()}


def prune(i: Inputs) -> Any:
    """Prune → its version and marks."""
    found = open_prune(i["prune"], i["account"], i["owner"], _as(PublicOkp, i["settings"]), _as(RosterHead, i["known"]))
    return {
        "head": msgspec.to_builtins(found.head),
        "marks": [msgspec.to_builtins(mark) for mark in found.marks.values()],
    }


def rules(i: Inputs) -> Any:
    """Rule sets, one after the other → the head."""
    trusted = TrustedRules.after(i["account"], _as(RulesHead, i["mark"]))
    for text_, signer in i["rules"]:
        trusted = trusted.update(text_, _as(PublicOkp, signer), i["signers"])
    return msgspec.to_builtins(trusted.head)


def policies(i: Inputs) -> Any:
    """Policies, one after the other → the head."""
    trusted = TrustedPolicy.after(i["account"], _as(PolicyHead, i["mark"]))
    for text_, signer in i["policies"]:
        trusted = trusted.update(text_, _as(PublicOkp, signer), i["signers"])
    return msgspec.to_builtins(trusted.head)


def recorded(i: Inputs) -> Any:
    """A policy, whom it is about, the minute of the week and a window → what is recorded of it."""
    tree = _as(PolicyTree, i["tree"])
    require_tree_of_policy(tree)
    policy = Policy().under(resolved([DEFAULT, *layers_for(tree, i["hashes"])]), 1)
    seen = i["seen"]
    # Monday, 5 January 1970.
    sample = Sample(
        (4 * 1440 + i["minute"]) * 60_000, app=seen["app"], title=seen["title"], site=seen["site"], url=seen["url"], document=seen["doc"]
    )  # fmt: skip
    told = policy.apply(sample)
    if told is None:
        return None
    hidden = (seen["app"] or seen["title"]) and not (told.app or told.title)
    names = {"app": told.app, "title": told.title, "site": told.site, "url": told.url, "doc": told.document}
    return {**names, "records": [] if hidden else sorted(policy.records)}


def pattern(i: Inputs) -> Any:
    """Expression → its stored form, or the position of what is wrong."""
    try:
        return patterns.check_pattern(i["pattern"])
    except patterns.PatternError as error:
        if error.position != i["position"]:
            raise AssertionError(f"at {error.position}") from error
        raise


def verdicts(i: Inputs) -> Any:
    """Names → rank, category and rating of each."""
    tree = _as(RuleTree, i["tree"])
    require_tree(tree)
    matcher = Matcher(tree)
    ranks = [matcher.verdict(field, name) for field, name in i["names"]]
    return [{"rank": rank, "category": matcher.category(rank), "rating": matcher.rating(rank)} for rank in ranks]


def ratings(i: Inputs) -> Any:
    """Tree and department → the rating of every category."""
    tree = _as(RuleTree, i["tree"])
    require_tree(tree)
    return list(category_ratings(tree, i["department"]).values())


def categories(i: Inputs) -> Any:
    """A category file → tree, what was left out, names of sets."""
    return msgspec.to_builtins(import_categories(i["text"], i["chosen"]))


RUN = {
    "base64": base64, "names": name, "passwords": password, "tokens": token, "tokens-open": token_open, "text": text,
    "fingerprints": prints, "jws": jws, "bundles": open_bundle, "kits": open_kit, "rosters": roster, "codes": code,
    "macs": mac, "grants": accept, "sealed": sealed, "chains": chain, "notices": notices, "entry-tokens": entry_token, "restatements": restatement, "restated-chains": chain, "prunes": prune,
    "rules": rules, "patterns": pattern, "verdicts": verdicts, "ratings": ratings,
    "imports": categories, "policies": policies, "recorded": recorded,
    "invitations": invitation, "joins": join, "member-grants": take,
}  # fmt: skip


def run_file(data: str) -> tuple[int, list[str]]:
    """Run a file of cases; return how many there are, and a line for each that failed."""
    from reteamz.wire.errors import ReteamzError

    suite = json.loads(data)
    failures = []
    for case in suite["cases"]:
        try:
            outcome: dict[str, Any] = {"result": "valid", "output": RUN[suite["suite"]](case["inputs"])}
        except ReteamzError as error:
            outcome = {"result": "invalid", "error": error.code}
        if outcome != {key: case[key] for key in outcome if key in case}:
            failures.append(f"{suite['suite']} {case['id']} ({case['comment']}): {outcome}")
    return len(suite["cases"]), failures
