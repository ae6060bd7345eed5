"""A mail server for tests of mailings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.mail.server import Mailbox, mail_box


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_box() as made:
        yield made
