"""The commands of ``pypi-practice``: arguments in, text or JSON out."""
