"""Writes batches and rolls them up at the same time, and tells after every roll-up; may be killed at any moment."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.server.ingest.support import SECRET, Device
from tests.server.store.support import stored

from reteamz.server.store.activity import ActivityStore


def main() -> None:
    """Go on from the head of the store in a folder, for ever."""
    store = ActivityStore.open(Path(sys.argv[1]) / "activity.duckdb", SECRET)
    device = Device()
    head = store.head(device.id)
    device.seq, device.prev = head.seq, head.sha256

    def roll() -> None:
        while True:
            if store.roll_up(1):
                print(store.mark, flush=True)

    threading.Thread(target=roll, daemon=True).start()
    while True:
        store.write([stored(device.work()) for _ in range(5)])


if __name__ == "__main__":
    main()
