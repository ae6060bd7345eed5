"""``reteamz``: one command for server, agent, owner and demo. What a command needs is imported when it runs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from reteamz import __version__
from reteamz.wire.errors import ReteamzError

_ELSEWHERE = {
    "agent": ("reteamz.cli.agent:agent", "record on this computer, report to an account"),
    "demo": ("reteamz.cli.demo:demo", "show a small simulated company"),
    "report": ("reteamz.cli.report:report", "read a report, decrypted in this terminal"),
    "serve": ("reteamz.cli.serve:serve", "run the server"),
}
"""Command → where it is, and what it does; read without importing any of them."""
if getattr(sys, "frozen", False):
    # The single file has the agent alone.
    _ELSEWHERE = {"agent": _ELSEWHERE["agent"]}


class _Lazy(click.Group):
    """A group whose commands are imported when they are called, so that ``--help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_ELSEWHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return None
        module, name = _ELSEWHERE[cmd_name][0].split(":")
        command: Any = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _ELSEWHERE[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reteamz")
def cli() -> None:
    """End-to-end encrypted time tracking: the server adds up what it cannot read."""


def default_data() -> Path:
    """Return the folder of a server that names none."""
    import platformdirs

    return Path(platformdirs.user_data_dir("reteamz", appauthor=False)) / "server"


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exits 0, 1 after an error in one sentence, 2 for a wrong call, 130 when interrupted."""
    try:
        code = cli.main(args=arguments, prog_name="reteamz", standalone_mode=False)
    except ReteamzError as error:
        click.echo(f"reteamz: {error.message}", err=True)
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
