"""Make sure that programs which no Python or npm package brings are here: `python scripts/system.py chromium xvfb`.

Missing ones are installed from Debian's packages when that is allowed (root, or sudo without a password); otherwise one sentence says what to
install, and the exit code is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library

PROGRAMS = {
    "at-spi2-core": "/usr/libexec/at-spi-bus-launcher",
    "binutils": "objdump",
    "chromium": "chromium",
    "dbus-daemon": "dbus-daemon",
    "nginx-light": "nginx",
    "systemd": "systemd-analyze",
    "trayer": "trayer",
    "wrk": "wrk",
    "x11-xserver-utils": "xrandr",
    "xclip": "xclip",
    "xdotool": "xdotool",
    "xterm": "xterm",
    "xvfb": "Xvfb",
}
LIBRARIES = {"libportaudio2": "portaudio"}
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
"""Where programs are: servers stand outside the path of those who are not root."""


def missing(packages: list[str]) -> list[str]:
    """Return the packages whose program is not on the path, or whose library is not found."""
    return [
        package
        for package in packages
        if not (
            find_library(LIBRARIES[package]) if package in LIBRARIES else shutil.which(PROGRAMS[package], path=PLACES)
        )
    ]


def install(packages: list[str]) -> bool:
    """Install Debian packages; tell whether that was possible."""
    if shutil.which("apt-get") is None:
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and subprocess.run([*prefix, "true"], capture_output=True).returncode:
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        if subprocess.run([*prefix, "apt-get", *command], env=quiet, stdout=subprocess.DEVNULL).returncode:
            return False
    return True


def main() -> int:
    """Install what is missing and tell what cannot be."""
    needed = missing(sys.argv[1:])
    if needed and (not install(needed) or missing(needed)):
        print(f"These programs are missing; install them and try again: {' '.join(needed)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
