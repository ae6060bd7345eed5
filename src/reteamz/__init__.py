"""Reteamz: end-to-end encrypted time tracking."""

__version__ = "0.1.0"
