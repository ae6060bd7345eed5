"""Routes of buckets and their events. Store first, then answer."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from reteamz.agent.feeds import CHAT, Feeds
from reteamz.agent.localapi import bodies
from reteamz.agent.localapi.answers import DEVICE_ID, Answer, json_answer, nothing_here, started
from reteamz.agent.localapi.store import Bucket, LocalEvent, LocalStore, Told
from reteamz.agent.localapi.times import bad, from_ms, to_duration
from reteamz.agent.samples import Clock
from reteamz.wire.errors import ReteamzError

_MESSAGES: Final = 200
"""Most chat messages in one request: each is sealed before it is answered."""
_TEXT: Final = 1_000
"""Longest id, type or name of a bucket, in characters."""
_NAMES: Final = ("type", "client", "hostname")

Query = Mapping[str, str]


class Buckets:
    """What is under ``/buckets``. Raises ``input_invalid``, ``not_found`` and those of the store.

    Args:
        store: where events lie.
        feeds: what is told of every event, by user; None for users without a session.
        now: the clock.
    """

    def __init__(self, store: LocalStore, feeds: Callable[[int], Feeds | None], now: Clock) -> None:
        self._store = store
        self._feeds = feeds
        self._now = now

    def answer(self, method: str, user: int, rest: list[str], query: Query, body: Any) -> Answer:
        """Answer one request of a user; ``rest`` is the path behind ``/buckets``."""
        match (method, *rest):
            case ("GET",):
                return json_answer({bucket.id: self.shown(bucket) for bucket in self._store.buckets(user)})
            case ("GET", id):
                return json_answer(self.shown(self.one(user, id)))
            case ("POST", id):
                return self._create(user, id, body)
            case ("PUT", id):
                self._store.change_bucket(_changed(self.one(user, id), body))
                return json_answer({})
            case ("DELETE", id):
                self._store.delete_bucket(self.one(user, id))
                return json_answer({})
            case ("POST", id, "heartbeat"):
                return self._heartbeat(user, self.one(user, id), query.get("pulsetime"), body)
            case (_, id, "events", *behind):
                return self._events(method, user, self.one(user, id), behind, query, body)
        raise nothing_here()

    def one(self, user: int, id: str) -> Bucket:
        """Return a user's bucket. Raises ``not_found``."""
        found = self._store.bucket(user, id)
        if found is None:
            raise ReteamzError("not_found", "There is no such bucket; create it first.")
        return found

    def shown(self, bucket: Bucket) -> dict[str, Any]:
        """Return a bucket as ActivityWatch's clients read it."""
        last = self._store.last_told(bucket)
        return {
            "id": bucket.id,
            "created": from_ms(bucket.created),
            "name": None,
            "type": bucket.type,
            "client": bucket.client,
            "hostname": bucket.hostname,
            "data": bucket.data,
            "last_updated": None if last is None else from_ms(last),
        }

    def _create(self, user: int, id: str, body: Any) -> Answer:
        return started(json_answer({}), self._store.add_bucket(made(user, id, body, self._now())))

    def _heartbeat(self, user: int, bucket: Bucket, pulsetime: str | None, body: Any) -> Answer:
        try:
            pulse = to_duration(float(pulsetime or ""))
        except ValueError:
            raise bad("A heartbeat says its pulsetime in seconds.") from None
        beat = bodies.event(body)
        if bucket.type == CHAT:
            return json_answer(self._said(user, bucket, [beat])[0].shown())
        merged = self._store.heartbeat(bucket, beat, pulse)
        self._heard(user, bucket, [merged])
        return json_answer(merged.shown())

    def _heard(self, user: int, bucket: Bucket, events: list[LocalEvent]) -> None:
        feeds = self._feeds(user)
        if feeds is not None and events:
            newest = max(events, key=lambda event: event.end)
            feeds.heard(bucket.type, min(newest.end, self._now()), newest.data)

    def _said(self, user: int, bucket: Bucket, told: list[Told]) -> list[LocalEvent]:
        """Hand chat messages on; they are sealed to the owner, and stored nowhere else."""
        if len(told) > _MESSAGES:
            raise bad(f"Chat comes in requests of at most {_MESSAGES} messages.")
        for each in told:
            if not all(isinstance(each.data.get(name), str) and each.data[name] for name in ("app", "text")):
                raise bad("A chat message has app and text, and perhaps from and conversation.")
        feeds = self._feeds(user)
        if feeds is not None:
            for each in told:
                feeds.heard(bucket.type, min(each.start, self._now()), each.data)
        return [LocalEvent(0, each.start, each.length, each.data) for each in told]

    def _events(self, method: str, user: int, bucket: Bucket, rest: list[str], query: Query, body: Any) -> Answer:
        start, end = bodies.time(query.get("start")), bodies.time(query.get("end"))
        match (method, *rest):
            case ("GET",):
                limit = bodies.integer(query.get("limit", "-1"))
                return json_answer([event.shown() for event in self._store.events(bucket, start, end, limit)])
            case ("POST",):
                told = bodies.events(body)
                if bucket.type == CHAT:
                    events = self._said(user, bucket, told)
                else:
                    events = self._store.insert(bucket, told)
                    self._heard(user, bucket, events)
                return json_answer(events[0].shown() if len(events) == 1 else None)
            case ("GET", "count"):
                return json_answer(self._store.count(bucket, start, end))
            case ("GET", id):
                found = self._store.event(bucket, bodies.integer(id))
                if found is None:
                    raise ReteamzError("not_found", "There is no such event.")
                return json_answer(found.shown())
            case ("DELETE", id):
                return json_answer({"success": self._store.delete_event(bucket, bodies.integer(id))})
        raise nothing_here()


def made(user: int, id: str, body: Any, created: int) -> Bucket:
    """Return the bucket that a client describes. Raises ``input_invalid``."""
    if not isinstance(body, dict) or not 0 < len(id) <= _TEXT:
        raise bad("A bucket is made of client, type and hostname.")
    words = [body.get(name) for name in _NAMES]
    if not all(isinstance(word, str) and 0 < len(word) <= _TEXT for word in words):
        raise bad("A bucket is made of client, type and hostname.")
    data = body.get("data") if isinstance(body.get("data"), dict) else {}
    bucket = Bucket(0, user, id, str(words[0]), str(words[1]), str(words[2]), created, data or {})
    if bucket.hostname != "!local":
        return bucket
    # What browsers' extensions say, which do not know where they run.
    return msgspec.structs.replace(bucket, hostname=platform.node(), data={**bucket.data, "device_id": DEVICE_ID})


def _changed(bucket: Bucket, body: Any) -> Bucket:
    """Return the bucket with what a client changes of it."""
    if not isinstance(body, dict):
        raise bad("A change of a bucket names type, client, hostname or data.")
    words = {name: body[name] for name in _NAMES if body.get(name) is not None}
    if not all(isinstance(word, str) and 0 < len(word) <= _TEXT for word in words.values()):
        raise bad("Type, client and hostname of a bucket are text.")
    data = body.get("data")
    if data is not None and not isinstance(data, dict):
        raise bad("The data of a bucket is an object.")
    return msgspec.structs.replace(bucket, **words, data=bucket.data if data is None else data)
