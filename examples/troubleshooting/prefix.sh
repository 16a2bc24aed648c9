python -c 'import os; token = os.environ.get("TWINE_PASSWORD", ""); print(len(token), token.startswith("pypi-"), token == token.strip())'
