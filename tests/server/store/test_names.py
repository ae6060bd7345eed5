"""Every column of the control database: whether it speaks of names, so that nothing is left behind when names change."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger

from reteamz.server.app import create_app
from reteamz.server.store.control import Base
from reteamz.server.store.control.names import ENTRY, NAME, PROSE, account_column, columns_with

APP = create_app  # the tables of every concept are known once the application was read

NEITHER = {
    "absence": {"id", "account", "first", "last", "kind", "half"},
    "account": {"id", "timezone", "mode", "epoch", "created"},
    "alert": {"id", "account", "rule", "since", "kind", "day", "subject", "device", "value", "threshold", "at"},
    "alert_delivery": {
        "id", "alert", "channel", "member", "state", "since", "due", "tries", "reason", "mail", "settled",
    },
    "alert_rule": {
        "id", "account", "department", "kind", "enabled", "quiet", "mail", "hook", "hook_by", "secret", "since",
    },
    "alert_seen": {"member", "alert"},
    "audit": {"id", "account", "at", "member", "action", "subject"},
    "department": {"id", "account"},
    "device": {
        "id", "account", "state", "signing", "exchange", "signing_print", "exchange_print", "platform", "ticket",
        "redemption", "mac", "redeemed", "seen", "version",
    },
    "holiday": {"id", "account", "department", "day"},
    "erasure": {"account", "state", "at", "member", "files"},
    "grant": {"account", "recipient", "seq", "jws"},
    "look": {"id", "account", "day", "member", "page", "scope", "subject", "first", "last", "count"},
    "look_person": {"look", "account"},
    "judging": {"account", "version", "judged", "target", "applied"},
    "mailing": {
        "id", "account", "member", "rhythm", "weekday", "day", "hour", "department", "enabled", "created", "version",
        "done", "due", "first", "last", "sent", "mail", "reason",
    },
    "member": {
        "id", "account", "email", "auth", "kdf", "bundle", "identity", "settings", "exchange", "role", "state",
        "rights", "departments", "totp", "totp_step", "ticket", "redemption", "invitation", "joining", "joined",
    },
    "outgoing_mail": {"id", "account", "recipient", "subject", "queued", "due", "tries", "state", "reason", "settled"},
    "placement": {"account", "department"},
    "policy_version": {"account", "version", "sha256", "jws", "signer", "member", "issued"},
    "prune": {"account", "version", "sha256", "jws"},
    "rating": {"account", "department", "rating"},
    "roster": {"account", "version", "sha256", "jws", "devices"},
    "rules_version": {"account", "version", "sha256", "jws", "signer", "member", "issued"},
    "schedule": {"account", "department", "since", "week", "grace"},
    "session": {"id", "member", "created", "seen", "expires", "client"},
    "ticket": {"id", "account", "type", "expires", "uses", "redemptions", "invitation"},
    # Ranks by id: the id that stays when names are joined is the lower one, and keeps its rank.
    "verdicts": {"account", "version", "first", "fields", "ranks"},
}  # fmt: skip
"""Columns that hold neither the id of a name nor an entry. Whoever adds a table says here, or at the column, what it holds."""


def test_every_column_says_whether_it_speaks_of_names() -> None:
    silent = {
        table.name: {column.name for column in table.columns if column.info not in (NAME, ENTRY, PROSE)}
        for table in Base.metadata.sorted_tables
    }
    assert silent == NEITHER


def test_what_speaks_of_names_can_be_followed() -> None:
    for table, column in columns_with(NAME):
        assert account_column(table) is not None
        assert isinstance(column.type, Integer)
        assert not isinstance(column.type, SmallInteger | BigInteger)
    for table, column in columns_with(ENTRY):
        assert account_column(table) is not None
        assert not isinstance(column.type, LargeBinary)
