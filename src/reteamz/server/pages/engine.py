"""Templates with their filters, and the hashes that pin scripts and styles (subresource integrity)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine

from reteamz import __version__
from reteamz.server.pages import texts

HERE = Path(__file__).parents[1]


def template_engine() -> JinjaTemplateEngine:
    """Return the engine; what a template misspells is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=texts.duration,
        hours=texts.hours,
        balance=texts.balance,
        minutes=texts.minutes,
        daytime=texts.daytime,
        percent=texts.percent,
        kind=texts.kind,
        day=texts.day,
        short_day=texts.short_day,
        month=texts.month,
        moment=texts.moment,
        number=texts.number,
        shown=texts.name,
    )
    environment.globals.update(
        clock=texts.clock,
        change=texts.change,
        moved=texts.moved,
        span=texts.span,
        version=__version__,
        integrity=hashes(HERE / "static"),
    )
    return JinjaTemplateEngine.from_environment(environment)


def hashes(folder: Path) -> dict[str, str]:
    """Return the ``integrity`` of every script and style sheet that was built."""
    return {
        path.name: "sha256-" + base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
        for path in sorted(folder.glob("*"))
        if path.suffix in (".js", ".css")
    }
