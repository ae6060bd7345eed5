"""The control store: accounts, members, devices, rosters, grants, sessions, audit, in SQLite or PostgreSQL."""

from reteamz.server.store.control.base import Base, ControlStore

__all__ = ["Base", "ControlStore"]
