"""The dictionary: the texts that ids stand for."""
