python3 -m zipfile -e random-names.zip .
cd random-names
python3 -m venv .venv
. .venv/bin/activate
python -m pip install --quiet build twine
