"""Reads and validates ``.travis.yml`` as Travis CI does."""
