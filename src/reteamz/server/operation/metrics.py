"""Counts and latencies for Prometheus; nothing about people."""

from __future__ import annotations

import time
from typing import Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds."""


class Metrics:
    """The server's own registry."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.requests: Final = Counter(
            "reteamz_requests",
            "Requests by route, method and status",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds: Final = Histogram(
            "reteamz_request_seconds", "Time to answer by route", ["route"], registry=self.registry, buckets=BUCKETS
        )

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class MetricsMiddleware(ASGIMiddleware):
    """Counts every request under its route's template, so that no identifier becomes a label."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Time one request."""
        begin = time.perf_counter()
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, watch)
        finally:
            if scope["type"] == ScopeType.HTTP:
                route = scope.get("path_template") or "unknown"
                self._metrics.requests.labels(route, scope["method"], str(status)).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - begin)
