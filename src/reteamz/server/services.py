"""Everything that lives as long as the server: opened at the start, closed at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request
from litestar.di import Provide

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.limiter import Limiter
from reteamz.server.accounts.sessions import COOKIE, viewer_of
from reteamz.server.alerts.arrivals import Arrivals
from reteamz.server.alerts.hooks import Hooks
from reteamz.server.alerts.post import Post
from reteamz.server.alerts.watch import Watch
from reteamz.server.background import Background
from reteamz.server.blobs.store import BlobStore
from reteamz.server.config import Config
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.history.erasing import Eraser
from reteamz.server.history.joining import follow_joins
from reteamz.server.history.pruning import follow_prunes
from reteamz.server.ingest.committer import Committer
from reteamz.server.ingest.receiver import Receiver
from reteamz.server.looks.keep import FLUSH_S, Looks
from reteamz.server.mail import Outbox
from reteamz.server.mailings.send import Mailings
from reteamz.server.operation.metrics import Metrics
from reteamz.server.people.placing import Placements
from reteamz.server.secret import derived
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.store.opening import open_activity, prepare_control
from reteamz.server.types import Now
from reteamz.wire.errors import ReteamzError

ATTEMPTS: Final = (10, 30_000)
"""Log-ins and sign-ups: ten at once, then one in 30 seconds, for every computer and every address."""
REDEMPTIONS: Final = (200, 1_000)
"""Codes redeemed from one computer: a company installs many agents behind one address."""
SENDINGS: Final = (5, 60_000)
"""Reports that a member sends by hand: five at once, then one in a minute."""
WATCH_S: Final = 5.0
POST_S: Final = 5.0
"""How often the server looks whether a rule found something, and for mail and webhooks that are due, in seconds."""
MAILINGS_S: Final = 20.0
"""How often the server looks whether a report by mail is due, in seconds."""
ROLL_S: Final = 60.0
"""Seconds between two looks at how much is not rolled up."""


def wall_clock() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Services:
    """The stores and what stands on them."""

    def __init__(self, config: Config, secret: bytes, now: Now) -> None:
        if not config.activity.startswith("duckdb:///"):
            raise ReteamzError(
                "input_invalid", "RETEAMZ_ACTIVITY is an address such as duckdb:////var/lib/reteamz/a.duckdb."
            )
        self.config = config
        self.now = now
        self.metrics = Metrics()
        self.control = ControlStore(config.control)
        self.blobs = BlobStore(config.blobs)
        self.attempts = Limiter(*ATTEMPTS)
        self.redemptions = Limiter(*REDEMPTIONS)
        self.sendings = Limiter(*SENDINGS)
        self.directory = DeviceDirectory(self.control)
        self.placements = Placements(self.control)
        self.arrivals = Arrivals()
        self.outbox = Outbox(self.control, config.mail, now)
        self.looks = Looks(self.control)
        self.login_secret = derived(secret, "login")
        self._dictionary_secret = derived(secret, "dictionary")
        self.activity: ActivityStore
        self.committer: Committer
        self.eraser: Eraser
        self.receiver: Receiver
        self.watch: Watch
        self.post: Post
        self.mailings: Mailings

    def open(self) -> None:
        """Open the stores; blocks.

        Raises:
            ReteamzError: ``state_corrupt``, ``folder_unusable``.
        """
        prepare_control(self.control.url)
        path = Path(self.config.activity.removeprefix("duckdb:///"))
        self.activity = open_activity(path, self._dictionary_secret)
        self.watch = Watch(self.control, self.activity, self.arrivals, self.outbox.configured, self.now)
        self.post = Post(self.control, self.activity, Hooks(self.config.hooks), self.config.origin, self.now)
        self.mailings = Mailings(
            self.control,
            self.activity,
            self.placements,
            self.looks,
            self.config.origin,
            self.outbox.configured,
            self.now,
        )

    @asynccontextmanager
    async def running(self, _: Litestar) -> AsyncIterator[None]:
        """Serve from the open stores; at the end commit what waits, then close."""
        await follow_joins(self.control, self.activity)
        await follow_prunes(self.control, self.activity)
        self.committer = Committer(self.activity, committed=self.arrivals.note)
        self.receiver = Receiver(self.directory, self.committer, self.now)
        self.committer.start()
        self.eraser = Eraser(self.control, self.activity, self.committer, self.config.data, self._files(), self.now)
        background = Background()
        background.every(WATCH_S, self.watch.turn)
        background.every(POST_S, self.send)
        background.every(MAILINGS_S, self.mailings.turn)
        background.every(ROLL_S, self.roll_up)
        background.every(FLUSH_S, self.looks.flush)
        erasing = asyncio.create_task(self.eraser.run())
        try:
            yield
        finally:
            await background.stop()
            self.eraser.stop()
            await erasing
            await self.committer.stop()
            await self.looks.flush()
            await asyncio.to_thread(self.activity.close)
            await self.control.close()

    def _files(self) -> list[Path]:
        """Return the files of the stores."""
        addresses = ((self.config.control, "sqlite:///"), (self.config.activity, "duckdb:///"))
        return [Path(address.removeprefix(kind)) for address, kind in addresses if address.startswith(kind)]

    async def roll_up(self) -> None:
        """Roll up what waits, when it is much."""
        await asyncio.to_thread(self.activity.roll_up)

    async def send(self) -> None:
        """Send what is due; a webhook that hangs holds no mail up."""
        await self.post.write()
        await asyncio.gather(self.outbox.push(), self.post.call())

    async def viewer(self, request: Request[Any, Any, Any]) -> Viewer:
        """Return who asks. Raises ``session_required``."""
        cookie = request.cookies.get(COOKIE)
        found = None
        if cookie:
            async with self.control.session() as session:
                found = await viewer_of(session, cookie, self.now())
        if found is None:
            raise ReteamzError("session_required", "You are not logged in; log in, then repeat.")
        return found

    def dependencies(self) -> dict[str, Provide]:
        """Return what handlers may ask for by name."""

        def give(name: str) -> Provide:
            return Provide(lambda: getattr(self, name), sync_to_thread=False)

        names = (
            "activity",
            "committer",
            "eraser",
            "receiver",
            "control",
            "blobs",
            "directory",
            "looks",
            "config",
            "attempts",
            "redemptions",
            "outbox",
            "watch",
            "post",
            "mailings",
            "sendings",
        )
        return {
            **{name: give(name) for name in (*names, "metrics", "now")},
            "persons_of": give("placements"),
            "secret": give("login_secret"),
            "viewer": Provide(self.viewer),
        }
