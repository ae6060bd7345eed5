"""Writes `vectors/*.json`: `python -m scripts.vectors`."""
