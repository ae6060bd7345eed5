"""Rosters and grants: stored as signed, checked as far as one can without keys."""
