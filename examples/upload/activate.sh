cd random-names
. .venv/bin/activate
