"""Ratings of names: productive, neutral, unproductive; attached to dictionary ids, so that they apply to the past at once."""
