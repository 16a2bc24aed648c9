tools/bin/uv venv --quiet first
tools/bin/uv pip install --python first --index https://test.pypi.org/simple/ party-names
