"""The platform seam: what a desktop tells about windows, idleness and locking."""
