"""Export of buckets with their events, and import of such exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from reteamz.agent.feeds import CHAT
from reteamz.agent.localapi import bodies
from reteamz.agent.localapi.answers import Answer, json_answer
from reteamz.agent.localapi.buckets import Buckets, made
from reteamz.agent.localapi.store import Bucket, LocalStore, Told
from reteamz.agent.localapi.times import bad, to_ms

_NO_EXPORT: Final = "An export is an object with buckets, each with id, type, client, hostname and events."


def exported(store: LocalStore, buckets: Buckets, bucket: Bucket) -> dict[str, Any]:
    """Return a bucket with its events, as every version of ActivityWatch imports it: without ids of events."""
    events = ({**event.shown(), "id": None} for event in store.events(bucket))
    return {**buckets.shown(bucket), "events": [{k: v for k, v in event.items() if k != "id"} for event in events]}


def export_answer(store: LocalStore, buckets: Buckets, chosen: list[Bucket], name: str) -> Answer:
    """Return the export of some buckets as a file."""
    return json_answer(
        {"buckets": {bucket.id: exported(store, buckets, bucket) for bucket in chosen}},
        {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.json"},
    )


def bring(store: LocalStore, user: int, content_type: str, data: bytes, now: int) -> Answer:
    """Make the buckets of an export, from a body or from the files of a form: all of them or none. Raises ``input_invalid``."""
    store.bring([told for body in bodies.files(content_type, data) for told in _buckets(user, body, now)])
    return json_answer({"message": "Import successful"})


def _buckets(user: int, body: Any, now: int) -> Iterator[tuple[Bucket, list[Told]]]:
    buckets = body.get("buckets") if isinstance(body, dict) else None
    if not isinstance(buckets, dict):
        raise bad(_NO_EXPORT)
    for key, told in buckets.items():
        if not isinstance(told, dict) or not isinstance(told.get("events"), list):
            raise bad(_NO_EXPORT)
        named = told.get("id", key)
        if not isinstance(named, str) or told.get("type") == CHAT:
            raise bad(_NO_EXPORT)
        created = told.get("created")
        yield made(user, named, told, now if created is None else to_ms(created)), bodies.events(told["events"])
