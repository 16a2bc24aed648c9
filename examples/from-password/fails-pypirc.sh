cat > ../trial.pypirc <<'END'
[testpypi]
username = your-name
password = your-password
END
python -m twine upload --config-file ../trial.pypirc --repository testpypi dist/*
