"""``reteamz agent install`` and ``uninstall``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reteamz.agent.install.plan import Plan

_COMPUTER = click.option(
    "--computer", is_flag=True, help="The one for everybody on this computer: a service, and a helper in each session."
)


@click.command()
@_COMPUTER
def install(computer: bool) -> None:
    """Start the agent with every session from now on, and now; once more after an update.

    Enrol first; with --computer, which takes an administrator, afterwards, into the folder of the service.
    """
    from reteamz.agent.install.plan import install as carry_out

    carry_out(_plan(computer))
    click.echo(
        "Installed. Once it is enrolled into the service's folder and started, `reteamz agent status` tells what is recorded."
        if computer
        else "Installed. `reteamz agent status` tells what is recorded."
    )


@click.command()
@_COMPUTER
def uninstall(computer: bool) -> None:
    """Start the agent no more, and end it; its folder stays."""
    from reteamz.agent.install.plan import uninstall as carry_out

    carry_out(_plan(computer))
    click.echo("Uninstalled. The agent's folder and its keys stay where they are.")


def _plan(computer: bool) -> Plan:
    from reteamz.agent.install.choose import chosen
    from reteamz.agent.sessions.face import own_command

    return chosen("computer" if computer else "person", own_command())
