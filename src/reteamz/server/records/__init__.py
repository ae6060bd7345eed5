"""Lists of sealed records: whose, when, of which kind, and whether they are here. What is in them only an end can open."""
