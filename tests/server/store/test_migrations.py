"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

import reteamz.server.app  # every concept's tables
from reteamz.server.store.control import Base
from reteamz.server.store.control.migrate import migrate


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    url = f"sqlite:///{tmp_path / 'control.sqlite'}"
    migrate(url)
    return create_engine(url)


def test_a_migrated_database_is_the_declared_one(engine: Engine) -> None:
    assert reteamz.server.app.CONCEPTS
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = inspect(engine).get_table_names()
    migrate(str(engine.url))
    assert inspect(engine).get_table_names() == before
    engine.dispose()


def test_every_column_that_points_to_a_table_is_checked_by_the_database(engine: Engine) -> None:
    pointing = {table for table in inspect(engine).get_table_names() if inspect(engine).get_foreign_keys(table)}
    assert pointing >= {"member", "session", "roster", "grant", "ticket", "device", "department", "placement", "audit"}
    engine.dispose()
