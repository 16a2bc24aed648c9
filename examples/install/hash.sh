python3 -m pip hash ./pypi_practice-0.1.0-py3-none-any.whl
