"""Numbers that both sides enforce (spec 9.10, 5.3, 2.1)."""

from typing import Final

BATCH_BYTES: Final = 1024 * 1024
"""Largest decoded body of a batch, in bytes."""
BATCH_EVENTS: Final = 2_000
BATCH_TOKENS: Final = 4_000
BATCH_BLOBS: Final = 256
BATCH_NOTICES: Final = 64
CLOCK_AHEAD_MS: Final = 24 * 3600 * 1000
"""How far an event may end after the server's clock, in milliseconds."""
DURATION_MS: Final = 7 * 24 * 3600 * 1000
UTC_OFFSET_MIN: Final = 1_080
POLL_CLOCK_MS: Final = 10 * 60 * 1000
"""How far a poll's clock may be from the server's, in milliseconds."""
BLOB_BYTES: Final = 16 * 1024 * 1024 + 4096
"""Largest sealed blob: 16 MiB of padded content, header, wrapped key and tag, in bytes."""
TEXT_BYTES: Final = 4_095
"""Longest name, in bytes of UTF-8 (spec 4.1)."""
TICKET_USES: Final = 1_000
KDF_ITERATIONS: Final = 1_000_000
KDF_ITERATIONS_LEAST: Final = 600_000
KDF_ITERATIONS_MOST: Final = 10_000_000
EPOCH_MOST: Final = 65_535
DOCUMENT_BYTES: Final = 2 * 1024 * 1024
"""Largest bundle, roster or device list, in bytes."""
RULE_CATEGORIES: Final = 1_000
RULES: Final = 5_000
RULE_OVERRIDES: Final = 10_000
RULE_DEPTH: Final = 20
"""How deep categories nest; 1 is the top."""
PATTERN_REPEAT: Final = 1_000
"""Most that a repetition counts, nested ones multiplied (spec 12.5)."""
PATTERN_SIZE: Final = 5_000
"""Largest expression, in steps (spec 12.5)."""
PATTERN_NESTING: Final = 100
DEPARTMENTS: Final = 1_000
"""Most departments that a manager is given, and that a policy speaks of."""
POLICY_PERSONS: Final = 10_000
ORPHANS_MOST: Final = 1_000
"""How many versions ahead of what an end knows it opens what a removed member signed (spec 16.7): no number is used up by one lie."""
POLICY_EXCLUSIONS: Final = 200
"""Most exclusions of one level."""
