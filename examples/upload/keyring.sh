python -m pip install --quiet keyring
python -m keyring --list-backends
