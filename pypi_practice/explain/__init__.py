"""Explains the messages of a log: the catalog, the matcher, the last failure."""
