"""Scenes for tests of alerts."""

from __future__ import annotations

import pytest
from tests.server.alerts.scene import Scene
from tests.server.company import Owner, Site


@pytest.fixture
def scene(site: Site, owner: Owner) -> Scene:
    """Return an encrypted account with nobody in it yet."""
    return Scene(site, owner)
