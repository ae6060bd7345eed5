"""What goes beyond the default, in sentences that a person reads; it starts only after they accepted exactly those."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

from reteamz.agent.policy import Policy
from reteamz.agent.sessions.memory import Kept
from reteamz.wire.batch import SealedKind

Beyond = SealedKind | Literal["url"]
"""A kind of record that the default does not hold."""


def sentences(policy: Policy) -> dict[Beyond, str]:
    """Return a sentence for every kind beyond the default that a policy asks for; whatever changes what is recorded changes it."""
    return dict(_sentences(policy))


def _sentences(policy: Policy) -> Iterator[tuple[Beyond, str]]:
    if policy.urls:
        yield "url", "full addresses of the pages you visit, beyond the site's name"
    if "screenshot" in policy.records:
        shot = policy.screenshot
        looks = [f"blurred by {shot.blur} pixels"] if shot.blur else []
        looks += ["without colours"] if shot.grey else []
        of = "all monitors" if shot.monitors == "all" else "the monitor in use"
        yield "screenshot", ", ".join([f"a picture of {of} every {_span(shot.every_s)}", *looks])
    if "camera" in policy.records:
        yield "camera", f"a picture of the camera every {_span(policy.camera.every_s)}"
    if "sound" in policy.records:
        sound = policy.sound
        yield "sound", f"{sound.length_s} seconds of sound from the microphone every {_span(sound.every_s)}"
    if "text" in policy.records:
        yield "text", "what you type, window by window"
    if "clipboard" in policy.records:
        yield "clipboard", "text that you copy"
    if "chat" in policy.records:
        yield "chat", "chat messages that programs report"


def accepted(policy: Policy, kept: Kept) -> frozenset[Beyond]:
    """Return the kinds beyond the default that a person accepted as the policy has them now."""
    return frozenset(kind for kind, sentence in sentences(policy).items() if sentence in kept.accepted)


def unanswered(policy: Policy, kept: Kept) -> list[str]:
    """Return the sentences that a person must still be shown."""
    return [
        sentence
        for sentence in sentences(policy).values()
        if sentence not in kept.accepted and sentence not in kept.declined
    ]


def answered(policy: Policy, kept: Kept, accept: bool, shown: Collection[str], at: int) -> Kept:
    """Return what is remembered once a person accepted, or declined, the sentences that they were shown.

    What the policy asks for since they looked is not among them: it is asked later. Declining takes back what was accepted before.
    """
    now = sentences(policy).values()
    chosen = tuple(sentence for sentence in now if sentence in shown or sentence in kept.accepted)
    if accept:
        left = tuple(sentence for sentence in now if sentence in kept.declined and sentence not in chosen)
        return msgspec.structs.replace(kept, accepted=chosen, declined=left, version=policy.version, answered_at=at)
    declined = tuple(sentence for sentence in now if sentence in chosen or sentence in kept.declined)
    return msgspec.structs.replace(kept, accepted=(), declined=declined, version=policy.version, answered_at=at)


def _span(seconds: int) -> str:
    if seconds % 60:
        return f"{seconds} seconds"
    minutes = seconds // 60
    return "minute" if minutes == 1 else f"{minutes} minutes"
