"""Run by ``test_blobs.py`` in a process of its own whose files cannot grow: the newest record takes the place of the oldest."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

from reteamz.agent.spool.blobs import Listing
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.spool import Spool
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import ReteamzError


def run(path: Path) -> dict[str, object]:
    spool = Spool(path, LocalCipher(bytes(32)), "device", lambda _: "signature")

    def put(number: int) -> None:
        data = os.urandom(20_000)
        spool.blobs.put(Listing(sha256(data), len(data), "screenshot", "image/webp", f"P{number}", number), data)

    for number in range(20):
        put(number)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    most = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    codes, freed = [], []
    for number in range(20, 60):
        try:
            put(number)
        except ReteamzError as error:
            codes.append(error.code)
            freed += [listing.person for listing in spool.blobs.free(60_000)]
            put(number)
    kept = [listing.person for listing in spool.blobs.unlisted(99)]
    spool.close()
    again = Spool(path, LocalCipher(bytes(32)), "device", lambda _: "signature")
    return {"codes": codes, "freed": freed, "kept": kept, "later": [each.person for each in again.blobs.unlisted(99)]}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
