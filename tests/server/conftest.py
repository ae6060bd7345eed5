"""The whole application, in this process, over a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.server.company import Clock, Computer, Owner, Site

from reteamz.server.app import create_app
from reteamz.server.config import load


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a running application, its clock and a browser without cookies."""
    clock = Clock()
    with TestClient(create_app(load(tmp_path / "data", environment={}), clock)) as client:
        yield Site(client, clock)


@pytest.fixture
def owner(site: Site) -> Owner:
    """Return the owner of an encrypted account, logged in."""
    return Owner("acme").sign_up(site)


@pytest.fixture
def computer(site: Site, owner: Owner) -> Computer:
    """Return a confirmed computer of the owner."""
    made = Computer(owner)
    assert made.enroll(site, owner.make_ticket(site)).status_code == 200
    owner.confirm(site, made)
    return made
