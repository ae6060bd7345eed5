"""``reteamz agent``."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO

import click
import msgspec

from reteamz.cli.exchange import bring, export
from reteamz.cli.install import install, uninstall
from reteamz.wire.errors import ReteamzError

if TYPE_CHECKING:
    from reteamz.agent.control import Request, Status

_CODE_MOST = 10_000
"""Characters of a file that are read for a code; codes have a few hundred."""
_MODES = {
    "anonymous": "waiting for the owner: kinds of time and hours only, no names",
    "plain": "names in the clear: the account is not encrypted",
    "encrypted": "names leave this computer as tokens; only the account's owner can read them",
}


class Place(NamedTuple):
    """Where an agent is looked for: a folder, and the socket of this computer's service; ``named`` when the folder was asked for."""

    folder: Path
    socket: Path
    named: bool


@click.group(help="Record on this computer, report to an account.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="The agent's folder.  [default: your data folder]"
)
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    help="Socket of the computer's service.  [default: the platform's, on Linux /run/reteamz/agent.sock]",
)
@click.pass_context
def agent(context: click.Context, folder: Path | None, socket: Path | None) -> None:
    """Find the agent's folder, and the service of a computer that several people use."""
    from reteamz.agent.folder import default_folder
    from reteamz.agent.sessions.link import SOCKET

    context.obj = Place(folder or default_folder(), socket or SOCKET, folder is not None)


@agent.command()
@click.argument("code", required=False)
@click.option("--code", "named", metavar="CODE", help="The code, as in its place.")
@click.option(
    "--code-file", type=click.File(errors="replace"), help="A file that holds the code; - for what is piped in."
)
@click.option("--unattended", is_flag=True, help="Be content with a computer that belongs to an account already.")
@click.pass_obj
def enroll(place: Place, code: str | None, named: str | None, code_file: TextIO | None, unattended: bool) -> None:
    """Make this computer part of an account, by the CODE of its owner.

    Other programs of this computer can read what a command was given: installers name a file, or set RETEAMZ_CODE.
    """
    from reteamz.agent.enroll import enroll as enrol
    from reteamz.agent.sync.client import http_client

    said = [one for one in (code, named, code_file.read(_CODE_MOST) if code_file else None) if one is not None]
    said = said or [one for one in (os.environ.get("RETEAMZ_CODE"),) if one]
    if len(said) != 1:
        raise ReteamzError(
            "input_invalid", "Name the code once: behind `enroll`, with --code or --code-file, or in RETEAMZ_CODE."
        )
    try:
        with http_client() as http:
            state = enrol(place.folder, said[0].strip(), http, _now)
    except ReteamzError as error:
        if not unattended or error.code != "already_enrolled":
            raise
        click.echo("This computer belongs to an account already; nothing was changed.")
        return
    click.echo(
        f"Enrolled at {state.server}; the owner confirms this computer there. Start it with `reteamz agent run`, or with "
        "every session by `reteamz agent install`."
    )


@agent.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the local API.  [default: 5600]")
@click.option("--sample-every", type=click.FloatRange(0.05, 60), default=1.0, show_default=True, help="Seconds.")
@click.option("--upload-every", type=click.FloatRange(0.2, 3600), default=60.0, show_default=True, help="Seconds.")
@click.option("--idle-limit", type=click.FloatRange(1, 7200), default=180.0, show_default=True, help="Seconds.")
@click.option("--testing", is_flag=True, help="Let ActivityWatch's own tests run against it: port 5666 by default.")
@click.pass_obj
def run(
    place: Place, port: int | None, sample_every: float, upload_every: float, idle_limit: float, testing: bool
) -> None:
    """Record and report until Ctrl-C."""
    from reteamz.agent.daemon import Daemon
    from reteamz.agent.desktop.choose import open_desktop
    from reteamz.agent.person import person
    from reteamz.agent.records.sources import session_sources
    from reteamz.agent.sessions.face import DesktopFace
    from reteamz.agent.work import PORT, TESTING_PORT, Settings

    if port is None:
        port = TESTING_PORT if testing else PORT
    settings = Settings(sample_every, upload_every, idle_limit, port, testing=testing)
    daemon = Daemon(
        place.folder,
        open_desktop,
        session_sources(_now),
        lambda ask: DesktopFace(ask, ["--dir", str(place.folder)]),
        person(),
        _now,
        settings,
    )
    _until_signal(daemon.end)
    daemon.run(lambda status: click.echo("\n".join(_lines(status))))


@agent.command()
@click.option("--port", type=click.IntRange(0, 65535), default=5600, show_default=True, help="Port of the local API.")
@click.option("--sample-every", type=click.FloatRange(0.05, 60), default=1.0, show_default=True, help="Seconds.")
@click.option("--upload-every", type=click.FloatRange(0.2, 3600), default=60.0, show_default=True, help="Seconds.")
@click.option("--idle-limit", type=click.FloatRange(1, 7200), default=180.0, show_default=True, help="Seconds.")
@click.option("--readable", is_flag=True, help="Let everybody read the folder, but for the keys.")
@click.option("--as-windows-service", "managed", is_flag=True, hidden=True)
@click.pass_obj
def service(
    place: Place, port: int, sample_every: float, upload_every: float, idle_limit: float, readable: bool, managed: bool
) -> None:
    """Serve everybody on this computer until Ctrl-C; each desktop session runs `reteamz agent session`."""
    from reteamz.agent.sessions.service import Service
    from reteamz.agent.work import Settings

    settings = Settings(sample_every, upload_every, idle_limit, port, readable=readable)
    serving = Service(place.folder, place.socket, _now, settings)
    if managed:
        # By name: to type checkers of other platforms the module is empty.
        import_module("reteamz.agent.windows_service").serve(serving.run, serving.end)
        return
    _until_signal(serving.end)
    serving.run(lambda: click.echo(f"Serving everybody on this computer at {place.socket}"))


@agent.command()
@click.option("--sample-every", type=click.FloatRange(0.05, 60), default=1.0, show_default=True, help="Seconds.")
@click.pass_obj
def session(place: Place, sample_every: float) -> None:
    """Be the helper of this desktop session: look, and tell the computer's service."""
    from reteamz.agent.desktop.choose import open_desktop
    from reteamz.agent.records.sources import session_sources
    from reteamz.agent.sessions.face import DesktopFace
    from reteamz.agent.sessions.helper import Helper
    from reteamz.agent.sessions.link import ask_service

    face = DesktopFace(lambda request: ask_service(place.socket, request), ["--socket", str(place.socket)])
    helper = Helper(place.socket, open_desktop, session_sources(_now), face, _now, sample_every)
    _until_signal(helper.end)
    helper.run()


@agent.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(place: Place, as_json: bool) -> None:
    """Tell what is recorded, who can read it, and what was seen last."""
    from reteamz.agent.control import Request

    found = ask_agent(place, Request("status"))
    if found is None:
        from reteamz.agent.daemon import resting_status

        found = resting_status(place.folder, _now)
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_lines(found)))


@agent.command()
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=30, show_default=True)
@click.option("--today", is_flag=True, help="Until the end of the day instead.")
@click.pass_obj
def pause(place: Place, minutes: int, today: bool) -> None:
    """Take private time: nothing is recorded but that it was private."""
    from reteamz.agent.sessions.people import end_of_day

    until = end_of_day(_now()) if today else _now() + minutes * 60_000
    _private(place, until)
    click.echo(f"Private until {_clock(until)}. End it with `reteamz agent resume`.")


@agent.command()
@click.pass_obj
def resume(place: Place) -> None:
    """End private time."""
    _private(place, 0)
    click.echo("Recording goes on.")


@agent.command()
@click.option("--window", is_flag=True, help="Ask in a window.")
@click.pass_obj
def notice(place: Place, window: bool) -> None:
    """Tell what the owner wants to record beyond the default, and what you answered."""
    found = _decided(place, "status")
    if window:
        from reteamz.agent.sessions.window import show_notice

        show_notice(found, lambda accept: _decided(place, "accept" if accept else "decline", found.asked))
        return
    for title, sentences in (
        ("Waits for your answer", found.asked), ("Accepted", found.accepted), ("Declined", found.declined),
    ):  # fmt: skip
        if sentences:
            click.echo("\n".join([f"{title}:", *(f"  {sentence}" for sentence in sentences)]))
    if found.asked:
        click.echo(
            "Answer with `reteamz agent accept` or `reteamz agent decline`. Until you accept, none of it is recorded."
        )
    elif not (found.accepted or found.declined):
        click.echo("Nothing beyond the default is recorded.")


@agent.command()
@click.pass_obj
def accept(place: Place) -> None:
    """Accept everything that `reteamz agent notice` lists; recording of it begins."""
    asked = _decided(place, "status")
    found = _decided(place, "accept", asked.asked + asked.declined)
    click.echo("\n".join(["Accepted. Recorded from now on:", *(f"  {sentence}" for sentence in found.accepted)]))


@agent.command()
@click.pass_obj
def decline(place: Place) -> None:
    """Decline everything that `reteamz agent notice` lists, what you accepted before included; none of it is recorded."""
    _decided(place, "decline", _decided(place, "status").asked)
    click.echo("Declined. Nothing beyond the default is recorded; the owner is told.")


agent.add_command(bring)
agent.add_command(export)
agent.add_command(install)
agent.add_command(uninstall)


def _decided(place: Place, what: Literal["status", "accept", "decline"], shown: Sequence[str] = ()) -> Status:
    from reteamz.agent.control import Request
    from reteamz.agent.daemon import not_running

    found = ask_agent(place, Request(what, shown=list(shown)))
    if found is None:
        raise not_running(place.folder)
    return found


def ask_agent(place: Place, request: Request) -> Status | None:
    """Ask the agent that runs: that of the folder, else the service of this computer; None when none does."""
    from reteamz.agent.control import ask
    from reteamz.agent.sessions.link import ask_service

    found = ask(place.folder, request) if place.folder.is_dir() else None
    return found if found is not None or place.named else ask_service(place.socket, request)


def _private(place: Place, until: int) -> None:
    from reteamz.agent.control import Request
    from reteamz.agent.folder import lock
    from reteamz.agent.sessions.memory import remember_private
    from reteamz.agent.state import load_state, not_enrolled

    if ask_agent(place, Request("private", until)) is None:
        if load_state(place.folder) is None:
            raise not_enrolled()
        # Nobody runs: the next start finds it.
        with lock(place.folder):
            remember_private(place.folder, until)


def _until_signal(end: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end())


def _lines(status: Status) -> list[str]:
    lines = [
        f"{'Recording' if status.running and status.recording == 'recording' else 'Not recording'}"
        + (f" (private until {_clock(status.private_until)})" if status.private_until else ""),
        f"  mode         {_MODES[status.mode]}",
        f"  recorded     {', '.join(status.recorded)}",
        *(f"  accepted     {sentence}" for sentence in status.accepted),
        *(f"  asked        {sentence} (`reteamz agent accept` or `decline`)" for sentence in status.asked),
        *(f"  declined     {sentence}" for sentence in status.declined),
        *(f"  read by      {reader}" for reader in status.readers),
        f"  server       {status.server}",
        f"  account      {status.account}",
        f"  fingerprint  {status.fingerprint}",
        f"  waiting      {status.waiting} {'batch' if status.waiting == 1 else 'batches'}"
        + (f", last upload {_clock(status.uploaded_at)}" if status.uploaded_at else ""),
    ]
    if status.running:
        lines.append(
            f"  page         http://127.0.0.1:{status.port}/ (what is recorded about you; ActivityWatch's API beside it)"
        )
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
