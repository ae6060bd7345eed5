"""Hands past time to the running agent, in messages of the size it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from reteamz.agent.control import Request, Status
from reteamz.agent.history.past import Brought, Past
from reteamz.wire.errors import ReteamzError

_MESSAGE_BYTES: Final = 24 * 1024
_AGAIN_S: Final = 1.0
"""How long to wait when the service of a shared computer takes no more just now."""

Ask = Callable[[Request], Status | None]


def send(past: Iterable[Past], ask: Ask) -> Brought:
    """Hand past time over and return what became of it; what was handed over stays, whatever happens later.

    Raises:
        ReteamzError: ``not_running``, and what the agent answers.
    """
    brought = Brought()
    for message in _messages(past):
        answer = _asked(ask, Request("bring", past=message))
        if answer is None or answer.brought is None:
            raise ReteamzError("not_running", "The agent does not run any more; start it, and import the file again.")
        brought = brought.and_(answer.brought)
    return brought


def _asked(ask: Ask, request: Request) -> Status | None:
    while True:
        try:
            return ask(request)
        except ReteamzError as error:
            if error.code != "rate_limited":
                raise
        time.sleep(_AGAIN_S)


def _messages(past: Iterable[Past]) -> Iterator[list[Past]]:
    message: list[Past] = []
    size = 0
    for each in past:
        length = len(msgspec.json.encode(each))
        if message and size + length > _MESSAGE_BYTES:
            yield message
            message, size = [], 0
        message.append(each)
        size += length
    if message:
        yield message
