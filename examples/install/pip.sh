python3 -m venv pypi-practice
pypi-practice/bin/python -m pip install ./pypi_practice-0.1.0-py3-none-any.whl
