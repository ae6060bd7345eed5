"""The one place for configuration: environment `RETEAMZ_*`, overridden by the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from reteamz.server.mail.smtp import MailServer, mail_server
from reteamz.wire.errors import ReteamzError

PORT: Final = 8765


@dataclass(frozen=True, slots=True)
class Config:
    """Where a server keeps things and how it is reached.

    Attributes:
        data: folder of everything that has no address of its own.
        host, port: where to listen.
        origin: the address people type, without a path: ``https://time.example``.
        control, activity, blobs: addresses of the stores.
        proxies: addresses or networks of reverse proxies whose ``X-Forwarded-For`` is believed.
        mail: where mail is handed over, None to send none.
        hooks: addresses or networks inside the company that webhooks may reach, beside public ones.
    """

    data: Path
    host: str
    port: int
    origin: str
    control: str
    activity: str
    blobs: str
    proxies: tuple[str, ...] = ()
    mail: MailServer | None = None
    hooks: tuple[str, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether people reach the server over TLS, so that cookies are for TLS only."""
        return self.origin.startswith("https://")


def load(
    data: Path,
    host: str | None = None,
    port: int | None = None,
    origin: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Return the configuration; arguments beat `RETEAMZ_HOST`, `…_PORT`, `…_ORIGIN`; the rest comes from `RETEAMZ_CONTROL`, `…_ACTIVITY`, `…_BLOBS`, `…_PROXIES`, `…_SMTP`,
    `…_MAIL_FROM`, `…_HOOKS`.

    Raises:
        ReteamzError: ``input_invalid``.
    """
    data = data.absolute()
    host = host or environment.get("RETEAMZ_HOST", "127.0.0.1")
    try:
        port = port if port is not None else int(environment.get("RETEAMZ_PORT", PORT))
    except ValueError:
        raise ReteamzError("input_invalid", "RETEAMZ_PORT is not a number; set it to a port such as 8765.") from None
    shown = f"[{host}]" if ":" in host else host
    origin = (origin or environment.get("RETEAMZ_ORIGIN") or f"http://{shown}:{port}").rstrip("/")
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ReteamzError("input_invalid", "The origin is an address such as https://time.example, without a path.")
    smtp = environment.get("RETEAMZ_SMTP", "")
    return Config(
        data=data,
        host=host,
        port=port,
        origin=origin,
        control=environment.get("RETEAMZ_CONTROL", f"sqlite:///{data / 'control.sqlite'}"),
        activity=environment.get("RETEAMZ_ACTIVITY", f"duckdb:///{data / 'activity.duckdb'}"),
        blobs=environment.get("RETEAMZ_BLOBS", f"file:///{(data / 'blobs').as_posix().lstrip('/')}"),
        proxies=_networks("RETEAMZ_PROXIES", environment),
        mail=mail_server(smtp, environment.get("RETEAMZ_MAIL_FROM", f"reteamz@{parts.hostname}")) if smtp else None,
        hooks=_networks("RETEAMZ_HOOKS", environment),
    )


def _networks(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return addresses and networks that stand apart by commas. Raises ``input_invalid``: "everybody" is not offered."""
    parts = tuple(part.strip() for part in environment.get(name, "").split(",") if part.strip())
    try:
        for part in parts:
            ip_network(part)
    except ValueError:
        raise ReteamzError(
            "input_invalid", f"{name} lists addresses such as 127.0.0.1 or 10.0.0.0/8, separated by commas."
        ) from None
    return parts
