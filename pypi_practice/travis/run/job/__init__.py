"""Runs one job of a rehearsed build: its checkout, its script and its processes."""
