python -m unittest discover -s tests
