"""Batches from agents: checked, chained, committed together, acknowledged once they are on disk."""
