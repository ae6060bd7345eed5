"""Feeds an enrolled computer numbered samples, tells each number once it is on disk, and uploads now and then; may be killed at any moment."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from reteamz.agent.device import Device
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.wire.errors import ReteamzError

MINUTE_MS = 60_000


def sample(begin: int, number: int) -> Sample:
    """Return the sample of a number: one minute, with a title of its own."""
    return Sample(
        begin + number * MINUTE_MS, duration=MINUTE_MS, person="Otti Marsh", app="Writer", title=f"Page {number}"
    )


def main() -> None:
    folder, begin, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    with http_client() as http:
        device = Device.open(folder, http, lambda: time.time_ns() // 1_000_000, pulse_ms=0)
        with suppress(ReteamzError):
            device.sync.poll_once()
        for number in range(first, last + 1):
            device.feed(sample(begin, number))
            device.keep()
            print(number, flush=True)
            if number % 3 == 0:
                device.flush()
            if number % 5 == 0:
                with suppress(ReteamzError):
                    device.sync.push_all()
        device.flush()
        while device.waiting():
            with suppress(ReteamzError):
                device.sync.push_all()
        device.close()


if __name__ == "__main__":
    main()
