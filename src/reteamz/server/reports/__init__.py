"""Reports: totals and rankings over events, by id."""
