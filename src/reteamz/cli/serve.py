"""``reteamz serve``."""

from __future__ import annotations

from pathlib import Path

import click

from reteamz.cli.main import default_data


@click.command(help="Run the server until Ctrl-C.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder of the server's stores.  [default: your data folder]"
)
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: 8765]")
@click.option("--origin", help="Address that people type, such as https://time.example.")
def serve(data: Path | None, host: str | None, port: int | None, origin: str | None) -> None:
    """Run the server."""
    from reteamz.server.config import load
    from reteamz.server.run import serve as run

    config = load(data or default_data(), host, port, origin)
    run(config, lambda: click.echo(f"Reteamz answers at {config.origin}; stop it with Ctrl-C."))
