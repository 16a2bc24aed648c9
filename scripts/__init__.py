"""Tools for maintainers; each is a command of make.py."""
