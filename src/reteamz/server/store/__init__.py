"""Stores: control database, activity, blobs."""
