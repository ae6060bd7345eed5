"""Runs the agent's command with a policy that asks for every kind of record, as often as a test can wait for."""

from __future__ import annotations

from typing import get_args

from reteamz.agent import work
from reteamz.agent.policy import Policy
from reteamz.cli.main import main
from reteamz.wire.batch import SealedKind
from reteamz.wire.policy import Camera, Screenshot, Sound


def everything(idle_limit: int) -> Policy:
    """Return the policy; ``idle_limit`` in milliseconds."""
    return Policy(
        idle_limit=idle_limit,
        records=frozenset(get_args(SealedKind)),
        screenshot=Screenshot(1, 0, False, "all"),
        camera=Camera(every_s=1),
        sound=Sound(every_s=1, length_s=5),
    )


if __name__ == "__main__":
    work.Policy = everything  # type: ignore[assignment,misc]  # instead of the default
    main()
