"""Who changed or looked at what."""
