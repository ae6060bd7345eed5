"""The journal: batches as they were signed."""
