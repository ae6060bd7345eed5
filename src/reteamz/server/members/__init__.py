"""Members besides the owner: invited, confirmed, removed (spec 14)."""
