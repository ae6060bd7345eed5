"""``make bench``: every benchmark, one after the other, as one JSON object a line; ``bench/README.md`` says what they mean."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    ("bench.ingestion",),
    ("bench.ingestion", "--devices", "128", "--batches", "120"),
    ("bench.reports",),
    ("bench.year",),
    ("bench.ends",),
    ("bench.rules",),
    ("bench.whole",),
    ("bench.hour", "--minutes", "5"),
    ("bench.activitywatch",),
)


def main() -> int:
    """Run each in a process of its own."""
    for module, *arguments in BENCHMARKS:
        print(f"python -m {' '.join([module, *arguments])}", flush=True)
        done = subprocess.run([sys.executable, "-m", module, *arguments])
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
