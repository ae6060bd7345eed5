"""``reteamz agent import`` and ``reteamz agent export``: files of ActivityWatch."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from reteamz.wire.errors import ReteamzError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from reteamz.agent.history.past import Brought, Past
    from reteamz.agent.history.reading import Source
    from reteamz.cli.agent import Place

_SMALL: Final = 8 * 1024 * 1024
"""A file of categories is never larger."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--host", help="Whose windows to take, where an export has those of several computers.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Leave out what lies behind the beginning of this day."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def bring(place: Place, file: Path, host: str | None, until: datetime | None, as_json: bool) -> None:
    """Take an export of ActivityWatch into your own history, or check a FILE of its categories."""
    from reteamz.agent.control import Request
    from reteamz.agent.daemon import not_running
    from reteamz.cli.agent import ask_agent

    if _is_categories(file):
        _categories(file, as_json)
        return
    status = ask_agent(place, Request("status"))
    if status is None:
        raise not_running(place.folder)
    if status.mode == "anonymous":
        raise ReteamzError(
            "forbidden", "The owner has not confirmed this computer yet; nothing is imported before that."
        )
    end = time.time_ns() // 1_000_000 if until is None else round(until.timestamp() * 1000)
    skipped, brought = _brought(place, file, host, end)
    ask_agent(place, Request("upload"))
    if as_json:
        told = {"skipped": skipped, **msgspec.to_builtins(brought)}
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(
        f"{brought.events} events with {_hours(brought.taken)} imported; {_hours(brought.known)} were recorded before, "
        f"{_hours(brought.left_out)} are left out by the policy, {skipped} entries of the file were no events."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.pass_obj
def export(place: Place, file: Path | None) -> None:
    """Write what local watchers told as an export of ActivityWatch, to FILE or to the terminal."""
    from reteamz.agent.folder import write_private

    data = _exported(place)
    if file is None:
        sys.stdout.buffer.write(data + b"\n")
        return
    write_private(file, data, secret=True)
    click.echo(f"Written to {file}.")


def _brought(place: Place, file: Path, host: str | None, end: int) -> tuple[int, Brought]:
    from reteamz.agent.history.combining import combined, of_host
    from reteamz.agent.history.reading import WINDOW, read
    from reteamz.agent.history.sending import send
    from reteamz.agent.history.staging import Staging
    from reteamz.cli.agent import ask_agent

    with _progress() as progress, Staging() as staging, file.open("rb") as opened:
        reading = progress.add_task("reading", total=max(1, file.stat().st_size))
        sources = read(opened, staging, lambda count: progress.advance(reading, count))
        staging.sort()
        chosen = of_host(sources, host or _own_host(sources))
        total = sum(staging.count(source.number) for source in chosen if source.type == WINDOW)
        taking = progress.add_task("importing", total=max(1, total))
        parts = combined(staging, chosen, end, _offset)
        brought = send(_counted(parts, progress, taking), lambda request: ask_agent(place, request))
        progress.update(taking, completed=max(1, total))
    return sum(source.skipped for source in sources), brought


def _counted(parts: Iterator[tuple[int, list[Past]]], progress: Progress, task: TaskID) -> Iterator[Past]:
    for count, past in parts:
        yield from past
        progress.advance(task, count)


def _own_host(sources: list[Source]) -> str:
    """Return whose windows are meant when nobody says: this computer's, or the only ones there are. Raises ``input_invalid``."""
    import platform

    from reteamz.agent.history.combining import hosts

    found = hosts(sources)
    if len(found) == 1 or not found:
        return found[0] if found else platform.node()
    if platform.node() in found:
        return platform.node()
    raise ReteamzError("input_invalid", f"The export has windows of {', '.join(found)[:500]}; choose with --host.")


def _is_categories(file: Path) -> bool:
    """Tell whether a file is one of categories: small, and a list or an object without buckets."""
    import ijson

    if file.stat().st_size > _SMALL:
        return False
    try:
        with file.open("rb") as opened:
            tokens = ijson.basic_parse(opened)
            return next(tokens)[0] == "start_array" or next(tokens)[1] in ("categories", "classes", "category_sets")
    except (ijson.JSONError, StopIteration, UnicodeDecodeError):
        return False


def _categories(file: Path, as_json: bool) -> None:
    from reteamz.crypto.categories import import_categories

    found = import_categories(file.read_text("utf-8", "replace"))
    count, rules = len(found.tree.categories), len(found.tree.rules)
    if as_json:
        told = {"categories": count, "rules": rules, "left_out": [msgspec.to_builtins(each) for each in found.left_out]}
        click.echo(msgspec.json.encode(told).decode())
        return
    for each in found.left_out:
        click.echo(f"left out: {' > '.join(each.category)}: {each.pattern} ({each.reason})")
    click.echo(
        f"{count} categories with {rules} rules can be imported. Rules are the owner's and are encrypted in their browser: "
        "import this file there, on the page Rules."
    )


def _exported(place: Place) -> bytes:
    import httpx

    from reteamz.agent.control import Request
    from reteamz.agent.localapi.resting import resting_export
    from reteamz.cli.agent import ask_agent

    status = ask_agent(place, Request("status"))
    if status is None:
        return resting_export(place.folder)
    try:
        answer = httpx.get(f"http://127.0.0.1:{status.port}/api/0/export", timeout=600, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError:
        raise ReteamzError("not_running", "The agent gave no export; see `reteamz agent status`.") from None
    return answer.content


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress


def _offset(at: int) -> int:
    return time.localtime(at / 1000).tm_gmtoff // 60


def _hours(ms: int) -> str:
    return f"{ms // 3_600_000} h {ms // 60_000 % 60:02} min"
