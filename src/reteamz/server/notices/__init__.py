"""What computers told their owner besides events: listed, and proved by the batches that say it (spec 17)."""
