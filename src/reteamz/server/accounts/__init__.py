"""Accounts, members, sessions: who may look."""
