tools/bin/uv venv --quiet quick
tools/bin/uv pip install --python quick random-names
tools/bin/uv pip install --python quick --default-index https://test.pypi.org/simple/ --no-deps party-names==0.1.0
