"""Tables and settings of the DuckDB file.

Ids are dense integers that the one writer gives out: 64-bit ids cost more than twice the space and half the speed. 0 is "none".
``link`` joins entries of the dictionary that mean one name; ``batch.token_ids`` are the entries that were signed.
``restated`` tells how far a device's batches are restatements (spec 13).
There are no keys and no indexes: the writer keeps what must be unique in memory, and indexes would slow every commit.
A file that an earlier version wrote gets what it lacks when it is opened; its events are rolled up afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb

from reteamz.wire.batch import ACTIVE, IDLE, LOCKED, MEETING, PRIVATE

KIND_ORDER: Final = (ACTIVE, MEETING, IDLE, LOCKED, PRIVATE)
"""Kinds as the column ``kind`` counts them: time with a name to it comes first, so that reports of names filter by a range.

Measured on 10 M rows: ``kind <= 1`` 22 ms, ``kind IN (…)`` 86 ms.
"""
KIND_NAMES: Final = ("active", "meeting", "idle", "locked", "private")
LAST_USED_KIND: Final = 1
"""Active and meeting: the kinds whose time belongs to an application, site, title or document."""

NAMED: Final = ("person", "app", "site", "title", "url", "doc")
"""Columns of ``event`` that hold dictionary ids."""

NAME_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "event": NAMED,
    "blob": ("person",),
    "notice": ("person",),
    "rollup": NAMED,
    "rollup_name": ("app", "site", "title", "url", "doc"),
    "rollup_app": ("person", "app", "site"),
    "rollup_site": ("app", "site"),
    "rollup_day": ("person",),
    "rollup_hour": ("person",),
}
"""Columns of every table that hold the first id of a name: they follow when two entries turn out to be one name. Roll-ups may have
two rows then where one would do; reports add them up."""

TABLES: Final = """
CREATE TABLE IF NOT EXISTS account (id INTEGER NOT NULL, account VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS device (id INTEGER NOT NULL, account INTEGER NOT NULL, device VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
    account INTEGER NOT NULL, device INTEGER NOT NULL, seq BIGINT NOT NULL, received_at BIGINT NOT NULL,
    sha256 BLOB NOT NULL, body BLOB NOT NULL, cut INTEGER NOT NULL, token_ids BLOB NOT NULL, signature BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS event (
    account INTEGER NOT NULL, device INTEGER NOT NULL, person INTEGER NOT NULL, day DATE NOT NULL,
    start_ms BIGINT NOT NULL, duration_ms INTEGER NOT NULL, utc_offset SMALLINT NOT NULL, kind UTINYINT NOT NULL,
    app INTEGER NOT NULL, site INTEGER NOT NULL, title INTEGER NOT NULL, url INTEGER NOT NULL, doc INTEGER NOT NULL,
    input BIGINT NOT NULL, rating TINYINT NOT NULL, seq BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS dictionary (
    account INTEGER NOT NULL, field VARCHAR NOT NULL, id INTEGER NOT NULL, token_id UBIGINT NOT NULL,
    text VARCHAR NOT NULL, version INTEGER NOT NULL, first_seen BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS link (account INTEGER NOT NULL, id INTEGER NOT NULL, other INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS restated (
    account INTEGER NOT NULL, device INTEGER NOT NULL, seq BIGINT NOT NULL, restated BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS blob (
    account INTEGER NOT NULL, device INTEGER NOT NULL, seq BIGINT NOT NULL, sha256 VARCHAR NOT NULL,
    bytes BIGINT NOT NULL, kind VARCHAR NOT NULL, media VARCHAR NOT NULL, person INTEGER NOT NULL, at_ms BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS notice (
    account INTEGER NOT NULL, device INTEGER NOT NULL, seq BIGINT NOT NULL, received_at BIGINT NOT NULL,
    at_ms BIGINT NOT NULL, code VARCHAR NOT NULL, person INTEGER NOT NULL, count BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS alarm (
    account VARCHAR NOT NULL, device VARCHAR NOT NULL, code VARCHAR NOT NULL, seq BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL, at_ms BIGINT NOT NULL
);
ALTER TABLE event ADD COLUMN IF NOT EXISTS part BIGINT DEFAULT 0;
CREATE TABLE IF NOT EXISTS rollup (
    account INTEGER NOT NULL, day DATE NOT NULL, person INTEGER NOT NULL, device INTEGER NOT NULL, kind UTINYINT NOT NULL,
    utc_offset SMALLINT NOT NULL, app INTEGER NOT NULL, site INTEGER NOT NULL, rating TINYINT NOT NULL,
    title INTEGER NOT NULL, url INTEGER NOT NULL, doc INTEGER NOT NULL,
    ms BIGINT NOT NULL, visits INTEGER NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, part BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS rollup_name (
    account INTEGER NOT NULL, day DATE NOT NULL, kind UTINYINT NOT NULL, app INTEGER NOT NULL, site INTEGER NOT NULL,
    rating TINYINT NOT NULL, title INTEGER NOT NULL, url INTEGER NOT NULL, doc INTEGER NOT NULL,
    ms BIGINT NOT NULL, visits INTEGER NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, part BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS rollup_site (
    account INTEGER NOT NULL, day DATE NOT NULL, kind UTINYINT NOT NULL, app INTEGER NOT NULL, site INTEGER NOT NULL,
    rating TINYINT NOT NULL,
    ms BIGINT NOT NULL, visits INTEGER NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, part BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS rollup_app (
    account INTEGER NOT NULL, day DATE NOT NULL, person INTEGER NOT NULL, device INTEGER NOT NULL, kind UTINYINT NOT NULL,
    utc_offset SMALLINT NOT NULL, app INTEGER NOT NULL, site INTEGER NOT NULL, rating TINYINT NOT NULL,
    ms BIGINT NOT NULL, visits INTEGER NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, part BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS rollup_day (
    account INTEGER NOT NULL, day DATE NOT NULL, person INTEGER NOT NULL, device INTEGER NOT NULL, kind UTINYINT NOT NULL,
    utc_offset SMALLINT NOT NULL,
    ms BIGINT NOT NULL, visits INTEGER NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, part BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS rollup_hour (
    account INTEGER NOT NULL, day DATE NOT NULL, person INTEGER NOT NULL, device INTEGER NOT NULL,
    hour UTINYINT NOT NULL, ms BIGINT NOT NULL, part BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS rolled (part BIGINT NOT NULL);
INSERT INTO rolled SELECT -1 WHERE NOT EXISTS (FROM rolled);
"""

SETTINGS: Final[dict[str, Any]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # 16 MB, the default, stalls commits for up to 0.65 s at a time.
    "checkpoint_threshold": "256MB",
    "preserve_insertion_order": False,
}


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file, made with its tables when it is missing.

    Raises:
        duckdb.Error: the file is damaged, locked by another process, or cannot be written.
    """
    connection = duckdb.connect(str(path), config=dict(SETTINGS))
    try:
        connection.execute(TABLES)
    except BaseException:
        connection.close()
        raise
    return connection
