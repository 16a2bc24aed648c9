python3 -m venv .venv
. .venv/bin/activate
python -m pip install --quiet --upgrade pip build twine
