"""One closed set of error codes, shared by ends and server."""

from __future__ import annotations

from typing import Final, Literal, get_args

Code = Literal[
    # formats (spec 1)
    "json_invalid", "base64_invalid", "header_refused", "signature_invalid", "key_refused",
    # passwords, bundle, kit (spec 2, 3)
    "kdf_refused", "bundle_damaged", "bundle_mismatch", "bundle_conflict", "kit_damaged", "recovery_code_mistyped",
    # tokens and sealed content (spec 4, 5)
    "token_malformed", "token_damaged", "token_epoch_unknown", "blob_damaged", "blob_refused", "blob_unknown",
    "blob_too_large",
    # roster (spec 6)
    "roster_rollback", "roster_fork", "roster_gap", "roster_refused", "roster_conflict",
    # enrolment (spec 7)
    "code_mistyped", "code_expired", "enrolment_forged", "ticket_unknown", "ticket_spent", "device_exists", "member_waiting",
    # grant (spec 8)
    "owner_mismatch", "grant_replayed", "grant_mismatch", "epoch_rollback",
    # batch (spec 9)
    "batch_malformed", "batch_too_large", "plain_refused", "epoch_refused", "clock_ahead", "chain_gap", "chain_fork",
    "device_unknown", "device_removed",
    # verification (spec 10)
    "batch_missing", "batch_reordered", "batch_altered", "batch_forged", "name_remapped", "tail_withheld",
    # erased history (spec 13)
    "prune_refused", "prune_rollback", "prune_conflict",
    # rules (spec 12)
    "rules_rollback", "rules_fork", "rules_refused", "rules_conflict", "pattern_invalid",
    # policy (spec 16)
    "policy_rollback", "policy_fork", "policy_refused", "policy_conflict",
    # service
    "busy", "disk_full", "rate_limited", "login_failed", "totp_required", "totp_wrong", "session_required",
    "forbidden", "not_found", "input_invalid", "email_taken", "csrf_refused", "internal",
    # this computer
    "port_in_use", "display_missing", "server_unreachable", "spool_corrupt", "key_corrupt", "state_corrupt",
    "not_enrolled", "already_enrolled", "already_running", "not_running", "folder_unusable", "unsupported",
]  # fmt: skip

CODES: Final[frozenset[str]] = frozenset(get_args(Code))


class ReteamzError(Exception):
    """A refusal with a code of the closed set and one sentence that says what to do.

    The sentence never holds a name, a token, a key or a password.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"
