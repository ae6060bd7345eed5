"""Alembic's environment: every concept's tables, one connection."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

import reteamz.server.accounts.tables
import reteamz.server.alerts.tables
import reteamz.server.audit.tables
import reteamz.server.devices.tables
import reteamz.server.history.tables
import reteamz.server.looks.tables
import reteamz.server.mail.tables
import reteamz.server.mailings.tables
import reteamz.server.people.tables
import reteamz.server.policies.tables
import reteamz.server.rating.tables
import reteamz.server.roster.tables
import reteamz.server.rules.tables
import reteamz.server.schedules.tables
import reteamz.server.verdicts.tables  # noqa: F401  # tables are known once their module was read
from reteamz.server.store.control import Base

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
