"""The practice index: a WSGI application that answers as PyPI does."""
