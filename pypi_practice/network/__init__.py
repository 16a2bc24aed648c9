"""HTTPS server and proxy: PyPI's host names lead to the practice index."""
