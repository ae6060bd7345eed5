"""``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from sqlalchemy import text

from reteamz.server.operation.metrics import Metrics
from reteamz.server.store.control import ControlStore

PUBLIC = {"public": True}


@get("/healthz", media_type="text/plain", opt=PUBLIC)
async def healthz() -> str:
    """Say that the process answers."""
    return "ok\n"


@get("/readyz", media_type="text/plain", opt=PUBLIC)
async def readyz(control: NamedDependency[ControlStore]) -> str:
    """Say that the stores answer."""
    async with control.session() as session:
        await session.execute(text("SELECT 1"))
    return "ok\n"


@get("/metrics", opt=PUBLIC)
async def metrics(metrics: NamedDependency[Metrics]) -> Response[bytes]:
    """Return counts and latencies in Prometheus' text format."""
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


handlers = [healthz, readyz, metrics]
