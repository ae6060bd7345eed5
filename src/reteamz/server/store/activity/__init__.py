"""The activity store: batches as received, their events, and the dictionary of names, in one DuckDB file."""

from reteamz.server.store.activity.joining import JoinRefused
from reteamz.server.store.activity.records import (
    Alarm,
    DeviceSummary,
    Entry,
    JournalEntry,
    ListedBlob,
    Stored,
    ToldNotice,
)
from reteamz.server.store.activity.restating import RestatementRefused
from reteamz.server.store.activity.store import ActivityStore, StoreFailure

__all__ = [
    "ActivityStore",
    "Alarm",
    "DeviceSummary",
    "Entry",
    "JoinRefused",
    "JournalEntry",
    "ListedBlob",
    "RestatementRefused",
    "StoreFailure",
    "Stored",
    "ToldNotice",
]
