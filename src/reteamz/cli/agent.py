"""``reteamz agent``."""

from __future__ import annotations

import signal
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from reteamz.agent.control import Status

_MODES = {
    "anonymous": "waiting for the owner: kinds of time and hours only, no names",
    "plain": "names in the clear: the account is not encrypted",
    "encrypted": "names leave this computer as tokens; only the account's owner can read them",
}


@click.group(help="Record on this computer, report to an account.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="The agent's folder.  [default: your data folder]"
)
@click.pass_context
def agent(context: click.Context, folder: Path | None) -> None:
    """Find the agent's folder."""
    from reteamz.agent.folder import default_folder

    context.obj = folder or default_folder()


@agent.command()
@click.argument("code")
@click.pass_obj
def enroll(folder: Path, code: str) -> None:
    """Make this computer part of an account, by the CODE of its owner."""
    from reteamz.agent.enroll import enroll as enrol
    from reteamz.agent.sync.client import http_client

    with http_client() as http:
        state = enrol(folder, code, http, _now)
    click.echo(
        f"Enrolled at {state.server}; the owner confirms this computer there. Start it with `reteamz agent run`."
    )


@agent.command()
@click.option("--port", type=click.IntRange(0, 65535), default=5600, show_default=True, help="Port of the local API.")
@click.option("--sample-every", type=click.FloatRange(0.05, 60), default=1.0, show_default=True, help="Seconds.")
@click.option("--upload-every", type=click.FloatRange(0.2, 3600), default=60.0, show_default=True, help="Seconds.")
@click.option("--idle-limit", type=click.FloatRange(1, 7200), default=180.0, show_default=True, help="Seconds.")
@click.pass_obj
def run(folder: Path, port: int, sample_every: float, upload_every: float, idle_limit: float) -> None:
    """Record and report until Ctrl-C."""
    from reteamz.agent.daemon import Daemon, Settings
    from reteamz.agent.desktop.choose import open_desktop
    from reteamz.agent.person import person

    settings = Settings(sample_every, upload_every, idle_limit, port)
    daemon = Daemon(folder, open_desktop, person(), _now, settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: daemon.end())
    daemon.run(lambda status: click.echo("\n".join(_lines(status))))


@agent.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(folder: Path, as_json: bool) -> None:
    """Tell what is recorded, who can read it, and what was seen last."""
    from reteamz.agent.control import Request, ask
    from reteamz.agent.daemon import resting_status

    found = (ask(folder, Request("status")) if folder.is_dir() else None) or resting_status(folder, _now)
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_lines(found)))


@agent.command()
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=30, show_default=True)
@click.option("--today", is_flag=True, help="Until the end of the day instead.")
@click.pass_obj
def pause(folder: Path, minutes: int, today: bool) -> None:
    """Take private time: nothing is recorded but that it was private."""
    until = _now() + minutes * 60_000
    if today:
        midnight = (datetime.now().astimezone() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        until = int(midnight.timestamp() * 1000)
    _private(folder, until)
    click.echo(f"Private until {_clock(until)}. End it with `reteamz agent resume`.")


@agent.command()
@click.pass_obj
def resume(folder: Path) -> None:
    """End private time."""
    _private(folder, 0)
    click.echo("Recording goes on.")


def _private(folder: Path, until: int) -> None:
    from reteamz.agent.control import Request, ask
    from reteamz.agent.folder import lock
    from reteamz.agent.state import load_state, not_enrolled, save_state

    state = load_state(folder)
    if state is None:
        raise not_enrolled()
    if ask(folder, Request("private", until)) is None:
        # Nobody runs: the next start finds it.
        with lock(folder):
            save_state(folder, msgspec.structs.replace(state, private_until=until))


def _lines(status: Status) -> list[str]:
    lines = [
        f"{'Recording' if status.running and not status.private_until else 'Not recording'}"
        + (f" (private until {_clock(status.private_until)})" if status.private_until else ""),
        f"  mode         {_MODES[status.mode]}",
        f"  recorded     {', '.join(status.recorded)}",
        f"  server       {status.server}",
        f"  account      {status.account}",
        f"  fingerprint  {status.fingerprint}",
        f"  waiting      {status.waiting} {'batch' if status.waiting == 1 else 'batches'}"
        + (f", last upload {_clock(status.uploaded_at)}" if status.uploaded_at else ""),
    ]
    if status.running:
        lines.append(f"  local API    http://127.0.0.1:{status.port} (ActivityWatch)")
        lines.append(f"  desktop      {status.desktop}")
        lines += [f"  no {ability:<9} {reason}" for ability, reason in status.unsupported.items()]
    if status.last is not None:
        lines.append(
            f"  last seen    {' – '.join(part for part in (status.last.app, status.last.title) if part) or '–'}"
        )
    if status.problem:
        lines.append(f"  problem      {status.problem}")
    return lines


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%H:%M")


def _now() -> int:
    return time.time_ns() // 1_000_000
