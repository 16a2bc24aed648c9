python3 -m venv file
file/bin/python -m pip download --no-deps --index-url https://test.pypi.org/simple/ party-names==0.1.0
file/bin/python -m pip install ./party_names-0.1.0-py3-none-any.whl
