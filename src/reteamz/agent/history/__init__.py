"""Exports of ActivityWatch become the person's own history."""
