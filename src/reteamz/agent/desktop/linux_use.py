"""Whether another program uses microphone or camera: ALSA's own status, the sound server's clients, open video devices."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from reteamz.agent.desktop.kept import Kept

MICROPHONE_S: Final = 10.0
CAMERA_S: Final = 30.0
"""How often it is looked, in seconds; in between the last answer counts. Who has a camera open is asked of every process, which takes longer."""
_PID: Final = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)
_SERVERS: Final = frozenset(("pipewire", "wireplumber", "pulseaudio", "pipewire-pulse"))
_METERS: Final = frozenset(("org.PulseAudio.pavucontrol", "org.gnome.VolumeControl", "org.kde.plasma-pa"))
"""Programs that listen to show how loud it is."""

Clients = Callable[[], list[dict[str, Any]] | None]


def pulse_clients() -> list[dict[str, Any]] | None:
    """Return the sound server's recording streams as ``pactl`` lists them, None where nobody can be asked."""
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(
            ["pactl", "--format=json", "list", "source-outputs"], capture_output=True, timeout=2, check=True
        )
        told = json.loads(done.stdout)
        return told if isinstance(told, list) else None
    return None


class OtherUse:
    """Looks at this computer's devices; used by one thread.

    Args:
        steady: counts seconds and never goes back.
        root: where ``proc`` and ``dev`` are.
        clients: asks the sound server who records.
    """

    def __init__(self, steady: Callable[[], float], root: Path = Path("/"), clients: Clients = pulse_clients) -> None:
        self._steady = steady
        self._proc = root / "proc"
        self._dev = root / "dev"
        self._clients = clients
        self._own = os.getpid()
        self._heard = Kept(MICROPHONE_S, self._microphone)
        self._seen = Kept(CAMERA_S, self._camera)

    def used(self) -> bool:
        """Tell whether another program than this one uses a microphone or a camera."""
        at = self._steady()
        return self._heard.at(at) or self._seen.at(at)

    def _microphone(self) -> bool:
        owners = {pid for pid in map(self._owner, self._proc.glob("asound/card*/pcm*c/sub*/status")) if pid}
        others = owners - {self._own}
        if not others:
            return False
        if any(self._name(pid) not in _SERVERS for pid in others):
            return True
        # A sound server records for somebody, perhaps for us.
        clients = self._clients()
        return clients is None or any(self._is_other(client) for client in clients)

    def _is_other(self, client: dict[str, Any]) -> bool:
        told = client.get("properties")
        properties = told if isinstance(told, dict) else {}
        return (
            str(properties.get("application.process.id")) != str(self._own)
            and properties.get("application.id") not in _METERS
            and not client.get("corked", False)
        )

    def _owner(self, status: Path) -> int:
        """Return the process that records from a device, 0 for none."""
        found = _PID.search(_read(status))
        return int(found[1]) if found else 0

    def _name(self, pid: int) -> str:
        return _read(self._proc / str(pid) / "comm").strip()

    def _camera(self) -> bool:
        cameras = {str(path) for path in self._dev.glob("video*")}
        return bool(cameras) and any(
            target in cameras
            for process in self._proc.glob("[0-9]*")
            if process.name != str(self._own)
            for target in _targets(process / "fd")
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _targets(folder: Path) -> Iterable[str]:
    """Yield what a process has open; nothing of processes that are others' or gone."""
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                yield os.readlink(folder / name)
