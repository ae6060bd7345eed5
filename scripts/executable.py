"""Make the agent one file that needs no Python: `python scripts/executable.py FOLDER` writes FOLDER/reteamz-agent, for the platform it runs on.

Camera and sound are left out: their libraries are larger than all the rest. Those who want them install the wheel with its extras.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import PyInstaller.__main__
from PyInstaller.utils.hooks import collect_submodules

NAME = "reteamz-agent"
PLATFORM_ONLY = {
    "linux": ["pystray._xorg", "pystray._appindicator", "pystray._gtk"],
    "win32": ["pystray._win32", "pynput.keyboard._win32", "pynput.mouse._win32", "win32timezone"],
    "darwin": ["pystray._darwin", "pynput.keyboard._darwin", "pynput.mouse._darwin"],
}
"""Modules that their packages choose by name when they run, so that nobody sees that they are needed."""
LEFT_OUT = [
    "reteamz.server", "reteamz.owner", "reteamz.demo", "reteamz.cli.serve", "reteamz.cli.demo", "reteamz.cli.report",
    "reteamz.agent.desktop.camera", "reteamz.agent.desktop.microphone", "cv2", "numpy", "sounddevice", "soundfile",
    "duckdb", "pyarrow", "litestar", "granian", "PyInstaller", "hypothesis", "pytest", "playwright",
]  # fmt: skip


def modules() -> list[str]:
    """Return what is loaded by name: everything of the agent that this platform has, and what its packages choose."""
    others = {"win32": ("windows_calls", "windows_system", "windows_service"), "darwin": ("macos_calls",)}
    foreign = [name for platform, names in others.items() if platform != sys.platform for name in names]
    own = [
        name
        for name in collect_submodules("reteamz.agent", filter=lambda name: name.rpartition(".")[2] not in foreign)
        if name not in LEFT_OUT
    ]
    uvicorn = ["uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.off"]
    return [
        *own,
        "reteamz.cli.agent",
        "reteamz.cli.install",
        "reteamz.cli.exchange",
        *uvicorn,
        *PLATFORM_ONLY[sys.platform],
    ]


def build(folder: Path) -> None:
    """Write the file into a folder."""
    with tempfile.TemporaryDirectory() as work:
        begin = Path(work) / "begin.py"
        begin.write_text("from reteamz.cli.main import main\n\nmain()\n")
        PyInstaller.__main__.run(
            [
                str(begin), "--onefile", f"--name={NAME}", f"--distpath={folder}", f"--workpath={work}/work", f"--specpath={work}",
                "--noconfirm", "--log-level=ERROR", "--collect-data=reteamz.agent", "--copy-metadata=reteamz",
                *(f"--hidden-import={name}" for name in modules()),
                *(f"--exclude-module={name}" for name in LEFT_OUT),
            ]
        )  # fmt: skip


if __name__ == "__main__":
    build(Path(sys.argv[1]))
