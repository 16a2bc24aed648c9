uv tool install ./pypi_practice-0.1.0-py3-none-any.whl
