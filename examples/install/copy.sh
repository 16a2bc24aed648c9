cd publish-from-ci
pipx install .
