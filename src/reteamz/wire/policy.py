"""Policies as they are signed: what agents may record, and what can be told of it without a key (spec 16)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.batch import SealedKind
from reteamz.wire.encoding import Count, Hash, HashOrEmpty, Id
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp
from reteamz.wire.rules import LabelEntry, RuleField
from reteamz.wire.tokens import split_token

Detail = Literal["off", "applications", "names", "everything"]
Effect = Literal["hide", "skip"]
Minute = Annotated[int, msgspec.Meta(ge=0, le=1440)]
Every = Annotated[int, msgspec.Meta(ge=30, le=3600)]
Hours = Annotated[
    list[Annotated[list[tuple[Minute, Minute]], msgspec.Meta(max_length=8)]], msgspec.Meta(min_length=7, max_length=7)
]
"""For each weekday, Monday first, the parts of it as minutes of local time: [begin, end)."""


class Screenshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How pictures of the screen are taken: seconds between two, radius of the blur in pixels, without colours, of which monitors."""

    every_s: Every
    blur: Annotated[int, msgspec.Meta(ge=0, le=50)]
    grey: bool
    monitors: Literal["all", "active"]


class Camera(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between two pictures of the camera."""

    every_s: Every


class Sound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between two pieces of sound, and how long one is."""

    every_s: Every
    length_s: Annotated[int, msgspec.Meta(ge=5, le=60)]


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An expression whose windows are hidden (time without names and records) or skipped (nothing); no ``fields`` are all of them (spec 16.3)."""

    fields: Annotated[list[RuleField], msgspec.Meta(max_length=5)]
    pattern: LabelEntry
    ignore_case: bool
    effect: Effect


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one level says; None takes what is above it, exclusions add to it (spec 16.2). ``idle_limit`` in milliseconds."""

    detail: Detail | None
    urls: bool | None
    records: Annotated[list[SealedKind], msgspec.Meta(max_length=6)] | None
    hours: Hours | None
    idle_limit: Annotated[int, msgspec.Meta(ge=10_000, le=3_600_000)] | None
    screenshot: Screenshot | None
    camera: Camera | None
    sound: Sound | None
    private: bool | None
    meetings: bool | None
    exclusions: Annotated[list[Exclusion], msgspec.Meta(max_length=limits.POLICY_EXCLUSIONS)]


INHERITED: Final = Settings(
    detail=None, urls=None, records=None, hours=None, idle_limit=None, screenshot=None, camera=None, sound=None,
    private=None, meetings=None, exclusions=[],
)  # fmt: skip
"""Says nothing."""
SCREENSHOT: Final = Screenshot(300, 0, False, "all")
CAMERA: Final = Camera(900)
SOUND: Final = Sound(900, 20)
DEFAULT: Final = Settings(
    detail="names", urls=False, records=[], hours=None, idle_limit=180_000, screenshot=SCREENSHOT, camera=CAMERA,
    sound=SOUND, private=True, meetings=True, exclusions=[],
)  # fmt: skip
"""What is in force where nobody signed anything: applications, titles, sites and documents, at any hour."""


class DepartmentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a department has of its own."""

    department: Id
    settings: Settings


class PersonSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a person belongs and what they have of their own; ``person`` is the hash of their token (spec 16.4)."""

    person: Hash
    department: Id | None
    settings: Settings | None


class PolicyTree(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a policy is about. Ends hold one whose patterns are plain text; only as tokens do they leave them."""

    settings: Settings
    departments: Annotated[list[DepartmentSettings], msgspec.Meta(max_length=limits.DEPARTMENTS)]
    persons: Annotated[list[PersonSettings], msgspec.Meta(max_length=limits.POLICY_PERSONS)]


class PolicySet(PolicyTree, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The payload of a policy (spec 16.1); ``issued`` in milliseconds."""

    v: Literal[1]
    account: Id
    version: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    prev: HashOrEmpty
    issued: Count


class PolicyHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version and hash of a policy; version 0 with hash "" is none."""

    version: Count
    sha256: HashOrEmpty


class PolicyView(msgspec.Struct, frozen=True):
    """A signed policy and the key that is said to have signed it; nothing of it is believed without spec 16.6."""

    version: int
    jws: Annotated[str, msgspec.Meta(max_length=limits.DOCUMENT_BYTES)]
    signer: PublicOkp


class PolicyVersions(msgspec.Struct, frozen=True):
    """Versions, oldest first."""

    policies: list[PolicyView]


class PolicyPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next policy, signed by the settings key of whoever posts it."""

    policy: Annotated[str, msgspec.Meta(max_length=limits.DOCUMENT_BYTES)]


def levels(policy: PolicyTree) -> Iterator[Settings]:
    """Yield the settings of every level: account, departments, persons."""
    yield policy.settings
    for department in policy.departments:
        yield department.settings
    for person in policy.persons:
        if person.settings is not None:
            yield person.settings


def patterns_of(policy: PolicyTree) -> Iterator[str]:
    """Yield the pattern of every exclusion."""
    for settings in levels(policy):
        for exclusion in settings.exclusions:
            yield exclusion.pattern


def layers_for(policy: PolicyTree, hashes: Collection[str]) -> list[Settings]:
    """Return what speaks of a person, the account first (spec 16.4).

    Args:
        policy: a whole one.
        hashes: of the person's tokens, one for each epoch; none for nobody in particular.
    """
    person = next((one for one in policy.persons if one.person in hashes), None)
    found = [policy.settings]
    if person is not None:
        found += [one.settings for one in policy.departments if one.department == person.department]
        found += [person.settings] if person.settings is not None else []
    return found


def resolved(layers: Sequence[Settings]) -> Settings:
    """Return what the nearest level that speaks says of each member, and all exclusions, those of the farthest first (spec 16.4)."""
    found: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        found[name] = next((value for one in reversed(layers) if (value := getattr(one, name)) is not None), None)
    found["exclusions"] = [exclusion for one in layers for exclusion in one.exclusions]
    return Settings(**found)


def require_tree(policy: PolicyTree) -> None:
    """Check what the levels of a policy must be by themselves and among each other (spec 16.2-16.4). Raises ``policy_refused``."""
    for settings in levels(policy):
        _require_settings(settings)
    if len({one.department for one in policy.departments}) != len(policy.departments):
        raise _refused("The policy names a department twice")
    if len({one.person for one in policy.persons}) != len(policy.persons):
        raise _refused("The policy names a person twice")


def _require_settings(settings: Settings) -> None:
    several: list[Sequence[str]] = [settings.records or [], *(exclusion.fields for exclusion in settings.exclusions)]
    if any(len(set(some)) != len(some) for some in several):
        raise _refused("The policy names a kind of record or a field twice")
    for day in settings.hours or []:
        minutes = [minute for part in day for minute in part]
        if minutes != sorted(minutes) or any(begin == end for begin, end in day):
            raise _refused("The working hours of the policy do not follow each other")
    if settings.sound is not None and settings.sound.length_s > settings.sound.every_s:
        raise _refused("The policy wants sound longer than the time between two pieces")


def require_whole(policy: PolicySet) -> None:
    """Check what one policy must be by itself (spec 16.1-16.5). Raises ``policy_refused``."""
    if (policy.version == 1) != (policy.prev == ""):
        raise _refused("The first policy names one before it, or a later one names none")
    require_tree(policy)
    tokens = [split_token(entry) for entry in patterns_of(policy)]
    if any(token is None or token[0] != "label" for token in tokens):
        raise _refused("The policy holds a pattern that is no token")
    if len({token[1] for token in tokens if token is not None}) > 1:
        raise _refused("The patterns of the policy are not of one epoch")


def epoch_of(policy: PolicyTree) -> int | None:
    """Return the epoch of a whole policy's patterns, None when there are none."""
    token = split_token(next(patterns_of(policy), ""))
    return token[1] if token is not None else None


def _refused(reason: str) -> ReteamzError:
    return ReteamzError("policy_refused", f"{reason}; load the page again, and do not trust this server if it stays.")
