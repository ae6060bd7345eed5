"""Who looked at whose records: written for the people who are looked at."""
