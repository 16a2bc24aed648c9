python3 -m venv safe
safe/bin/python -m pip install random-names
safe/bin/python -m pip install --index-url https://test.pypi.org/simple/ --no-deps party-names==0.1.0
safe/bin/python -m pip check
