"""What runs on a person's computer: watchers, merge, tokens, spool, upload, and the local ActivityWatch-compatible API."""
