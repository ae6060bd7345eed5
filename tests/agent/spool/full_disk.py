"""Run by ``test_spool.py`` in a process of its own whose files cannot grow: what a full disk does to an agent."""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path

import msgspec

from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.spool import Spool
from reteamz.wire.errors import ReteamzError


def body(seq: int, prev: str) -> bytes:
    return msgspec.json.encode({"seq": seq, "prev": prev})


def run(path: Path) -> dict[str, object]:
    spool = Spool(path, LocalCipher(bytes(32)), "device", lambda _: "signature")

    spool.append([body], b"before")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    most = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    codes = []
    for _ in range(3):
        try:
            spool.append([body for _ in range(2_000)], b"after" * 100_000)
        except ReteamzError as error:
            codes.append(error.code)
    same = [spool.head().seq, spool.waiting(), spool.pending().decode()]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    spool.append([body for _ in range(2_000)], b"after")
    spool.close()
    again = Spool(path, LocalCipher(bytes(32)), "device", lambda _: "signature")
    return {"codes": codes, "same": same, "later": [again.head().seq, again.waiting(), again.pending().decode()]}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
