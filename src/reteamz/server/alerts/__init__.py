"""Alerts on what the server can see: times, numbers and equal tokens, never names."""
