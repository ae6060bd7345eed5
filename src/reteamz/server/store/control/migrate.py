"""Brings the control database to this version's schema, at every start."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def settings(url: str) -> Config:
    """Return Alembic's configuration for a database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = make_url(url).set(drivername=make_url(url).get_backend_name()).render_as_string(False)
    return config


def migrate(url: str) -> None:
    """Apply what is missing; does nothing on a database of this version."""
    command.upgrade(settings(url), "head")
