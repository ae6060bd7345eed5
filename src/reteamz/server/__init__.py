"""The server: stores, adds up, sorts and shows what it cannot read."""
