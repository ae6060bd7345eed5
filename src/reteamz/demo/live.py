"""This computer's own screen, as one more computer of the simulated company."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reteamz.owner.client import Owner


@contextmanager
def recording(owner: Owner, folder: Path) -> Iterator[None]:
    """Enrol and confirm this computer, and record it with the real agent until the end.

    Raises:
        ReteamzError: ``display_missing`` is told by the agent itself, on standard error.
    """
    agent = [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder)]
    subprocess.run([*agent, "enroll", owner.enrolment_code()], check=True, stdout=subprocess.DEVNULL)
    owner.confirm(owner.waiting())
    process = subprocess.Popen([*agent, "run", "--upload-every", "5", "--port", "0"])
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
