"""Policies, as they were signed."""
