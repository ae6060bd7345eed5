"""The local port: who may ask, and which route answers. Store first, then answer."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from reteamz import __version__
from reteamz.agent.feeds import Feeds
from reteamz.agent.localapi import bodies, exchange, guard, query
from reteamz.agent.localapi.answers import DEVICE_ID, Answer, json_answer, nothing_here
from reteamz.agent.localapi.buckets import Buckets
from reteamz.agent.localapi.page import PATHS, Page
from reteamz.agent.localapi.store import LocalStore
from reteamz.agent.localapi.times import bad
from reteamz.agent.samples import Clock
from reteamz.wire.errors import ReteamzError

_KEY: Final = 1_000
"""Longest key of a setting, in characters."""
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
        testing: whether it says that it is not the real one, as ActivityWatch's own tests ask for.
    """

    def __init__(
        self,
        store: LocalStore,
        feeds: Callable[[int], Feeds | None],
        port: Callable[[], int],
        now: Clock,
        peer: Peer,
        shared: bool,
        testing: bool,
    ) -> None:
        self._store = store
        self._port = port
        self._now = now
        self._peer = peer
        self._shared = shared
        self._testing = testing
        self._buckets = Buckets(store, feeds, now)
        self.page: Page | None = None
        """What is recorded about the one who asks, once the agent can tell."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        try:
            path = "/" + unquote(request.scope["raw_path"].decode("ascii", "replace")).lstrip("/")
            guard.require_host(request.headers.get("host", ""), self._port())
            if self.page is not None and path in PATHS:
                guard.require_own_page(request.headers, self._port())
                user = guard.require_user(self._peer(request), self._shared)
                form = await bodies.raw(request)
                return await run_in_threadpool(self.page.serve, request.method, path, form, user)
            guard.require_origin(request.headers, request.method, path)
            user = guard.require_user(self._peer(request), self._shared)
            parts = [part for part in path.removeprefix("/api/0/").split("/") if part]
            if not path.startswith("/api/0/"):
                raise nothing_here()
            bringing = (request.method, *parts) == ("POST", "import")
            data = await bodies.raw(request, bodies.IMPORT_BYTES if bringing else bodies.BODY_BYTES)
            return await run_in_threadpool(self._routed, request, parts, user, data)
        except ReteamzError as error:
            return JSONResponse({"code": error.code, "message": error.message}, _STATUS.get(error.code, 400))

    def _routed(self, request: Request, parts: list[str], user: int, data: bytes) -> Answer:
        store, buckets = self._store, self._buckets
        match (request.method, *parts):
            case ("GET", "info"):
                return json_answer(self._info())
            case ("GET", "buckets", id, "export"):
                return exchange.export_answer(store, buckets, [buckets.one(user, id)], f"aw-bucket-export_{id}")
            case (method, "buckets", *rest):
                return buckets.answer(method, user, rest, request.query_params, bodies.read(data))
            case ("POST", "query"):
                return json_answer(self._query(user, bodies.read(data)))
            case ("GET", "export"):
                return exchange.export_answer(store, buckets, store.buckets(user), "aw-buckets-export")
            case ("POST", "import"):
                return exchange.bring(store, user, request.headers.get("content-type", ""), data, self._now())
            case (method, "settings", *rest):
                return self._settings(method, user, rest, bodies.read(data))
        raise nothing_here()

    def _info(self) -> dict[str, Any]:
        return {
            "hostname": platform.node(),
            "version": f"v0.13.2 (reteamz {__version__})",
            "testing": self._testing,
            "device_id": DEVICE_ID,
        }

    def _query(self, user: int, body: Any) -> list[Any]:
        store, one = self._store, self._buckets.one

        def find(part: str, host: str | None) -> str:
            for found in store.buckets(user):
                if part in found.id and host in (None, found.hostname):
                    return found.id
            raise bad("There is no bucket of such a name.")

        source = query.Source(
            lambda bucket, start, end: store.events(one(user, bucket), start, end),
            lambda bucket, start, end: store.count(one(user, bucket), start, end),
            find,
        )
        return query.run(source, body)

    def _settings(self, method: str, user: int, rest: list[str], body: Any) -> Answer:
        match (method, *rest):
            case ("GET",):
                return json_answer(self._store.settings(user))
            case ("GET", key):
                return json_answer(self._store.settings(user).get(key))
            case ("POST", key) if len(key) <= _KEY:
                self._store.change_setting(user, key, body)
                return json_answer(body)
            case ("DELETE", key):
                self._store.change_setting(user, key, None)
                return json_answer({})
        raise nothing_here()
