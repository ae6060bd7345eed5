"""Serves with granian, in this process: DuckDB has one writing process."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import structlog
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from litestar import Litestar

from reteamz.server.app import create_app
from reteamz.server.config import Config
from reteamz.wire.errors import ReteamzError

BACKLOG: Final = 1024


def serve(config: Config, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT or SIGTERM, then finish the commit that runs.

    Args:
        config: where and what.
        ready: called once when requests are answered.

    Raises:
        ReteamzError: ``port_in_use``, ``folder_unusable``, ``key_corrupt``, ``state_corrupt``, ``input_invalid``.
    """
    _require_port(config)
    configure_logs()
    app = create_app(config)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(app, config, ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's where it exists (not on Windows): a fifth more batches a second, see ``bench/README.md``."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _serve(app: Litestar, config: Config, ready: Callable[[], None]) -> None:
    server = Server(
        # The one place where a forwarded address is believed: limits count computers, not the proxy before them.
        wrap_asgi_with_proxy_headers(app, list(config.proxies)) if config.proxies else app,
        address=config.host,
        port=config.port,
        interface=Interfaces.ASGI,
        backlog=BACKLOG,
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    serving = asyncio.create_task(server.serve())
    await _answering(config, serving)
    ready()
    await serving


async def _answering(config: Config, serving: asyncio.Task[None]) -> None:
    """Wait until the port answers, or the server gave up."""
    host = "127.0.0.1" if config.host in ("0.0.0.0", "") else config.host  # noqa: S104  # compared, not bound
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, config.port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def _require_port(config: Config) -> None:
    """Raise ``port_in_use`` before anything is opened."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError:
            raise ReteamzError(
                "port_in_use", f"Port {config.port} of {config.host} cannot be used; choose another with --port."
            ) from None


def configure_logs() -> None:
    """Log one JSON object a line to standard error: no bodies, no addresses, no tokens."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format='{"level": "%(levelname)s", "logger": "%(name)s"}'
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
