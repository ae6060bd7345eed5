"""What notices mean, in words that say what to do (spec 17.2)."""

from __future__ import annotations

from typing import Final

from reteamz.wire.batch import NoticeCode

WORDS: Final[dict[NoticeCode, tuple[str, str]]] = {
    "policy_refused": (
        "Refused a policy",
        "The server sent one that is older or that nobody entitled signed; the computer goes on by the one that it had. Verify the log.",
    ),
    "records_lost": (
        "Gave up sealed records",
        "There was no room for them, or the server never takes them. See that the computer reaches the server and has room on its disk.",
    ),
    "clock_jumped": (
        "Its clock was set",
        "Times before and after may not fit together. If it happens often, let the computer take its time from the network.",
    ),
    "consent_given": (
        "Accepted what the policy asks for",
        "It is recorded from then on, until they take it back.",
    ),
    "consent_refused": (
        "Declined what the policy asks for",
        "None of it is recorded, and no policy turns it on. Talk with them, or ask for less under Policies.",
    ),
    "capture_unsupported": (
        "Cannot record what the policy asks for",
        "A kind of record cannot be had there. “reteamz agent status” on that computer names it and says why.",
    ),
    "capture_failed": (
        "Could not record what the policy asks for",
        "A kind of record could not be had just then; it is tried again. “reteamz agent status” on that computer says why.",
    ),
}
"""What happened, and what it means for the owner, by code."""
