"""Verdicts: which rule decides which name. Browsers find them with the key; the server keeps numbers and adds up."""
