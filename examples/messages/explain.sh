pypi-practice explain --last
