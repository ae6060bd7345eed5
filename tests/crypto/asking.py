"""Another program that is asked line by line in JSON: the other engine, the other product."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class Asked:
    """A running program; every question has one answer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, question: object) -> Any:
        """Send a question and return the answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "the other program ended"
        return json.loads(line)


@contextmanager
def asking(command: Sequence[str]) -> Iterator[Asked]:
    """Run a program as long as it is asked."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Asked(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
