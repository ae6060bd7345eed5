"""The routes, as ActivityWatch's clients know them. Store first, then answer."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reteamz import __version__
from reteamz.agent.feeds import CHAT, Feeds
from reteamz.agent.localapi import guard, query
from reteamz.agent.localapi.page import PATHS, Page
from reteamz.agent.localapi.store import Bucket, LocalEvent, LocalStore
from reteamz.agent.localapi.times import bad, from_ms, to_duration, to_ms
from reteamz.agent.samples import Clock
from reteamz.wire.errors import ReteamzError

BODY_BYTES: Final = 4 * 1024 * 1024
_MESSAGES: Final = 200
"""Most chat messages in one request: each is sealed before it is answered."""
_TEXT: Final = 1_000
"""Longest id, type or name of a bucket, in characters."""
_STATUS: Final = {"forbidden": 403, "not_found": 404, "disk_full": 503, "spool_corrupt": 500, "folder_unusable": 500}

Peer = Callable[[Request], int | None]


class LocalApp:
    """An ASGI application for one agent.

    Args:
        store: where events lie.
        feeds: what is told of every event, by user; None for users without a session.
        port: where it listens, for the check of the Host header.
        now: the clock.
        peer: tells the user behind a connection.
        shared: whether every user is served, each their own.
    """

    def __init__(
        self,
        store: LocalStore,
        feeds: Callable[[int], Feeds | None],
        port: Callable[[], int],
        now: Clock,
        peer: Peer,
        shared: bool,
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._port = port
        self._now = now
        self._peer = peer
        self._shared = shared
        self.page: Page | None = None
        """What is recorded about the one who asks, once the agent can tell."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            path = "/" + unquote(request.scope["raw_path"].decode("ascii", "replace")).lstrip("/")
            guard.require_host(request.headers.get("host", ""), self._port())
            if self.page is not None and path in PATHS:
                guard.require_own_page(request.headers, self._port())
                user = guard.require_user(self._peer(request), self._shared)
                form = await _raw(request)
                return await run_in_threadpool(self.page.serve, request.method, path, form, user)
            guard.require_origin(request.headers, path)
            user = guard.require_user(self._peer(request), self._shared)
            body = await _body(request)
            return await run_in_threadpool(self._routed, request, path, user, body)
        except ReteamzError as error:
            return JSONResponse({"code": error.code, "message": error.message}, _STATUS.get(error.code, 400))

    def _routed(self, request: Request, path: str, user: int, body: Any) -> Response:
        parts = [part for part in path.removeprefix("/api/0").split("/") if part] if path.startswith("/api/0/") else []
        method = request.method
        match (method, *parts):
            case ("GET", "info"):
                return _json(self._info())
            case ("GET", "buckets"):
                return _json({bucket.id: _bucket(bucket) for bucket in self._store.buckets(user)})
            case ("GET", "buckets", id):
                return _json(_bucket(self._bucket(user, id)))
            case ("POST", "buckets", id):
                return self._create(user, id, body)
            case ("DELETE", "buckets", id):
                self._store.delete_bucket(self._bucket(user, id))
                return Response(status_code=200)
            case ("GET", "buckets", id, "export"):
                return _json({"buckets": {id: self._exported(self._bucket(user, id))}})
            case ("POST", "buckets", id, "heartbeat"):
                return self._heartbeat(user, self._bucket(user, id), request.query_params.get("pulsetime"), body)
            case (_, "buckets", id, "events", *rest):
                return self._events(method, user, self._bucket(user, id), rest, request, body)
            case ("POST", "query"):
                return _json(_without_lone_surrogates(self._query(user, body)))
            case ("GET", "export"):
                return _json({"buckets": {bucket.id: self._exported(bucket) for bucket in self._store.buckets(user)}})
            case (_, "settings", *rest):
                return self._settings(method, user, rest, body)
        raise ReteamzError("not_found", "There is nothing here; see ActivityWatch's REST API.")

    def _info(self) -> dict[str, Any]:
        return {
            "hostname": platform.node(),
            "version": f"v0.13.2 (reteamz {__version__})",
            "testing": False,
            "device_id": "reteamz",
        }

    def _bucket(self, user: int, id: str) -> Bucket:
        found = self._store.bucket(user, id)
        if found is None:
            raise ReteamzError("not_found", "There is no such bucket; create it first.")
        return found

    def _create(self, user: int, id: str, body: Any) -> Response:
        if not isinstance(body, dict) or len(id) > _TEXT:
            raise bad("A bucket is made of client, type and hostname.")
        words = [body.get(name) for name in ("type", "client", "hostname")]
        if not all(isinstance(word, str) and 0 < len(word) <= _TEXT for word in words):
            raise bad("A bucket is made of client, type and hostname.")
        hostname = platform.node() if words[2] == "!local" else str(words[2])
        data = body.get("data") if isinstance(body.get("data"), dict) else {}
        made = Bucket(0, user, id, str(words[0]), str(words[1]), hostname, self._now(), data or {})
        return Response(status_code=200 if self._store.add_bucket(made) else 304)

    def _heartbeat(self, user: int, bucket: Bucket, pulsetime: str | None, body: Any) -> Response:
        try:
            pulse = to_duration(float(pulsetime or ""))
        except ValueError:
            raise bad("A heartbeat says its pulsetime in seconds.") from None
        start, end, data = _event(body)
        if bucket.type == CHAT:
            return _json(self._said(user, bucket, [(start, end, data)])[0].shown())
        merged = self._store.heartbeat(bucket, start, end, data, pulse)
        self._heard(user, bucket, [merged])
        return _json(merged.shown())

    def _heard(self, user: int, bucket: Bucket, events: list[LocalEvent]) -> None:
        feeds = self._feeds(user)
        if feeds is not None and events:
            newest = max(events, key=lambda event: event.end)
            feeds.heard(bucket.type, min(newest.end, self._now()), newest.data)

    def _said(self, user: int, bucket: Bucket, told: list[tuple[int, int, dict[str, Any]]]) -> list[LocalEvent]:
        """Hand chat messages on; they are sealed to the owner, and stored nowhere else."""
        if len(told) > _MESSAGES:
            raise bad(f"Chat comes in requests of at most {_MESSAGES} messages.")
        for _, _, data in told:
            if not all(isinstance(data.get(name), str) and data[name] for name in ("app", "text")):
                raise bad("A chat message has app and text, and perhaps from and conversation.")
        feeds = self._feeds(user)
        if feeds is not None:
            for start, _, data in told:
                feeds.heard(bucket.type, min(start, self._now()), data)
        return [LocalEvent(0, start, end, data) for start, end, data in told]

    def _events(self, method: str, user: int, bucket: Bucket, rest: list[str], request: Request, body: Any) -> Response:
        start = _optional(request.query_params.get("start"))
        end = _optional(request.query_params.get("end"))
        match (method, *rest):
            case ("GET",):
                limit = _integer(request.query_params.get("limit", "-1"))
                return _json([event.shown() for event in self._store.events(bucket, start, end, limit)])
            case ("POST",):
                told = [_event(item) for item in (body if isinstance(body, list) else [body])]
                if bucket.type == CHAT:
                    events = self._said(user, bucket, told)
                else:
                    events = self._store.insert(bucket, told)
                    self._heard(user, bucket, events)
                return _json(events[0].shown() if len(events) == 1 else None)
            case ("GET", "count"):
                return _json(self._store.count(bucket, start, end))
            case ("GET", id):
                found = self._store.event(bucket, _integer(id))
                if found is None:
                    raise ReteamzError("not_found", "There is no such event.")
                return _json(found.shown())
            case ("DELETE", id):
                return _json({"success": self._store.delete_event(bucket, _integer(id))})
        raise ReteamzError("not_found", "There is nothing here; see ActivityWatch's REST API.")

    def _query(self, user: int, body: Any) -> list[Any]:
        if not isinstance(body, dict):
            raise bad("A query has timeperiods and statements.")
        statements, periods = body.get("query"), body.get("timeperiods")
        if not isinstance(statements, list) or not isinstance(periods, list):
            raise bad("A query has timeperiods and statements.")
        if not all(isinstance(line, str) for line in [*statements, *periods]):
            raise bad("Timeperiods and statements are text.")
        return [self._over(user, "\n".join(statements), period) for period in periods]

    def _over(self, user: int, text: str, period: str) -> Any:
        first, slash, last = period.partition("/")
        if not slash:
            raise bad("A period is two times with a slash between them.")
        start, end = to_ms(first), to_ms(last)

        def bucket(id: str) -> list[dict[str, Any]]:
            shown = []
            for event in self._store.events(self._bucket(user, id), start, end):
                cut = LocalEvent(event.id, max(event.start, start), min(event.end, end), event.data)
                shown.append(cut.shown())
            return shown

        def find(begin: str, host: str | None) -> str:
            for found in self._store.buckets(user):
                if found.id.startswith(begin) and host in (None, found.hostname):
                    return found.id
            raise bad("There is no bucket that begins so.")

        return query.run(text, bucket, find)

    def _exported(self, bucket: Bucket) -> dict[str, Any]:
        return {**_bucket(bucket), "events": [event.shown() for event in self._store.events(bucket)]}

    def _settings(self, method: str, user: int, rest: list[str], body: Any) -> Response:
        match (method, *rest):
            case ("GET",):
                return _json(self._store.settings(user))
            case ("GET", key):
                return _json(self._store.settings(user).get(key))
            case ("POST", key):
                self._store.change_setting(user, key, body)
                return _json(body)
        raise ReteamzError("not_found", "There is nothing here; see ActivityWatch's REST API.")


async def _raw(request: Request) -> bytes:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > BODY_BYTES:
            raise bad("A request has at most 4 MiB; send less at a time.")
    return data


async def _body(request: Request) -> Any:
    """Return the JSON of a request, whatever content type it says."""
    data = await _raw(request)
    if not data:
        return None
    try:
        return _without_lone_surrogates(json.loads(data, parse_constant=_refuse, parse_float=_finite))
    except (ValueError, RecursionError):
        raise bad("The request is not JSON.") from None


def _without_lone_surrogates(value: Any) -> Any:
    """Return the value with U+FFFD for halves of characters: a browser's title may be cut inside one, and has no UTF-8 then."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    return value


def _refuse(_: str) -> Any:
    raise ValueError("not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("larger than a number can be")
    return number


def _event(item: Any) -> tuple[int, int, dict[str, Any]]:
    """Return start and end in milliseconds, and the data, of an event; its id is ours to give."""
    if not isinstance(item, dict) or not isinstance(item.get("data"), dict):
        raise bad("An event has timestamp, duration and data.")
    start = to_ms(item.get("timestamp"))
    return start, start + to_duration(item.get("duration")), item["data"]


def _optional(value: str | None) -> int | None:
    return None if value is None else to_ms(value)


def _integer(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise bad("This must be a whole number.") from None
    if not -1 <= number < 2**53:
        raise bad("This must be a whole number.")
    return number


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "id": bucket.id,
        "created": from_ms(bucket.created),
        "name": None,
        "type": bucket.type,
        "client": bucket.client,
        "hostname": bucket.hostname,
        "data": bucket.data,
        "last_updated": None,
    }


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
