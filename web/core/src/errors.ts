/** The closed set of error codes, as in `reteamz.wire.errors`. */
export type Code =
  | "json_invalid"
  | "base64_invalid"
  | "header_refused"
  | "signature_invalid"
  | "key_refused"
  | "kdf_refused"
  | "bundle_damaged"
  | "bundle_mismatch"
  | "bundle_conflict"
  | "kit_damaged"
  | "recovery_code_mistyped"
  | "token_malformed"
  | "token_damaged"
  | "token_epoch_unknown"
  | "blob_damaged"
  | "blob_refused"
  | "blob_unknown"
  | "blob_too_large"
  | "roster_rollback"
  | "roster_fork"
  | "roster_gap"
  | "roster_refused"
  | "roster_conflict"
  | "code_mistyped"
  | "code_expired"
  | "enrolment_forged"
  | "ticket_unknown"
  | "ticket_spent"
  | "device_exists"
  | "member_waiting"
  | "owner_mismatch"
  | "grant_replayed"
  | "grant_mismatch"
  | "epoch_rollback"
  | "batch_malformed"
  | "batch_too_large"
  | "plain_refused"
  | "epoch_refused"
  | "clock_ahead"
  | "chain_gap"
  | "chain_fork"
  | "device_unknown"
  | "device_removed"
  | "batch_missing"
  | "batch_reordered"
  | "batch_altered"
  | "batch_forged"
  | "name_remapped"
  | "tail_withheld"
  | "prune_refused"
  | "prune_rollback"
  | "prune_conflict"
  | "rules_rollback"
  | "rules_fork"
  | "rules_refused"
  | "rules_conflict"
  | "pattern_invalid"
  | "policy_rollback"
  | "policy_fork"
  | "policy_refused"
  | "policy_conflict"
  | "busy"
  | "disk_full"
  | "rate_limited"
  | "login_failed"
  | "totp_required"
  | "totp_wrong"
  | "session_required"
  | "forbidden"
  | "not_found"
  | "input_invalid"
  | "email_taken"
  | "csrf_refused"
  | "internal"
  | "port_in_use"
  | "display_missing"
  | "server_unreachable"
  | "spool_corrupt"
  | "key_corrupt"
  | "state_corrupt"
  | "not_enrolled"
  | "already_enrolled"
  | "already_running"
  | "not_running"
  | "folder_unusable"
  | "unsupported";

/** A refusal with a code and one sentence that says what to do; never a name, a key or a password. */
export class ReteamzError extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** Run `work`; any failure becomes `error`. */
export async function orElse<T>(work: () => Promise<T>, error: () => ReteamzError): Promise<T> {
  try {
    return await work();
  } catch {
    throw error();
  }
}
