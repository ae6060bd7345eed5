"""Sealed content: bytes that only an owner opens."""
