.venv/bin/pypi-practice shell
