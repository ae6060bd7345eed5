"""Names from before encryption was enabled: joined with their tokens, and erased when the owner asks for it."""
