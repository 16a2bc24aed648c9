"""Reads git repositories that may be hostile, without starting what they name."""
