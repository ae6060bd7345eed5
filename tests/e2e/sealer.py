"""Seals numbered records on an enrolled computer and has a notice for each, tells each number once it is kept, and uploads now and then; may be killed at any moment."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from reteamz.agent.device import Device
from reteamz.agent.policy import Policy
from reteamz.agent.records.record import Record, Text
from reteamz.agent.sync.client import http_client
from reteamz.wire.errors import ReteamzError

PERSON = "Otti Marsh"


def now() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    folder, run, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    policy = Policy(records=frozenset(("screenshot", "text")))
    with http_client() as http:
        device = Device.open(folder, http, now, policy, consented=lambda *_: True)
        with suppress(ReteamzError):
            device.sync.poll_once()
        for number in range(first, last + 1):
            name = f"{number} of run {run}"
            picture = Record("screenshot", "image/webp", now(), PERSON, {"title": name}, name.encode().ljust(9_000))
            assert device.record(picture) is not None
            assert device.record_text(PERSON, "text", Text(now(), "Writer", "", "", name))
            device.notice("clock_jumped", name)
            print(number, flush=True)
            if number % 3 == 0:
                device.flush()
            if number % 4 == 0:
                with suppress(ReteamzError):
                    device.sync.push_all()
                    device.records.push()
        while device.records.waiting():
            with suppress(ReteamzError):
                device.flush()
                device.sync.push_all()
                device.records.push()
        device.close()


if __name__ == "__main__":
    main()
