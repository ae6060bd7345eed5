"""``reteamz demo``."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from reteamz.wire.errors import ReteamzError

if TYPE_CHECKING:
    from reteamz.demo.run import Progress


@click.command(
    help="Show a small simulated company: its agents encrypt, its server cannot read, its owner's browser can."
)
@click.option("--people", type=click.IntRange(1, 325), default=5, show_default=True, help="How many people work there.")
@click.option("--days", type=click.IntRange(1, 366), default=28, show_default=True, help="How many days, up to today.")
@click.option("--once", is_flag=True, help="Stop when everything is there, and print one JSON object.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="An empty folder to keep it in.  [default: a temporary one]"
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the server.  [default: a free one]")
@click.option("--live", is_flag=True, help="Enrol this computer's own screen as well.")
def demo(people: int, days: int, once: bool, data: Path | None, port: int | None, live: bool) -> None:
    """Run the demo."""
    from reteamz.demo.run import simulate
    from reteamz.demo.server import free_port, serving

    # Whoever ends the demo ends its server as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if live:
        from reteamz.agent.desktop.choose import open_desktop

        # Before a minute of building a company, not after it.
        if (screen := open_desktop()) is not None:
            screen.close()
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reteamz-demo-")))
        if folder.exists() and any(folder.iterdir()):
            raise ReteamzError("folder_unusable", f"{folder} is not empty; name another folder with --data.")
        url = stack.enter_context(serving(folder / "server", port or free_port()))
        with _progress() as progress:
            result = simulate(url, folder / "agents", people, days, progress)
        stack.callback(result.owner.close)
        if live:
            from reteamz.demo.live import recording

            stack.enter_context(recording(result.owner, folder / "agents" / "live"))
        told = result.demo
        if once:
            click.echo(msgspec.json.encode(told).decode())
            return
        click.echo(
            f"\n{told.people} people, {told.events} events. The server holds them, and cannot read one name.\n\n"
            f"  Address   {told.url}\n  E-mail    {told.email}\n  Password  {told.password}\n\nStop with Ctrl-C."
        )
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


class _progress:
    """A progress bar on standard error, so that standard output stays the answer."""

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True)
        )
        self._tasks: dict[str, object] = {}
        self._bar.start()
        return self._told

    def _told(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # rich's own number

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
