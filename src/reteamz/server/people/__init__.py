"""Persons and departments: names are entries of the dictionary, labels are tokens."""
