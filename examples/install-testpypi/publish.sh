python3 -m venv tools
tools/bin/python -m pip install --quiet uv
for name in random-names party-names stranger; do tools/bin/uv build --quiet --wheel $name; done
UV_PUBLISH_TOKEN="$(pypi-practice token new --index pypi)" tools/bin/uv publish --trusted-publishing never random-names/dist/*
export UV_PUBLISH_TOKEN="$(pypi-practice token new --index testpypi)"
tools/bin/uv publish --trusted-publishing never --publish-url https://test.pypi.org/legacy/ party-names/dist/* stranger/dist/*
unset UV_PUBLISH_TOKEN
pypi-practice list
