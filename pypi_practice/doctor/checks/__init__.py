"""The checks of ``pypi-practice doctor``, a module for each subject."""
