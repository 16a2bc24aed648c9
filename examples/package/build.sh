python -m build
