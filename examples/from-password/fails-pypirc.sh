cat > ~/.pypirc <<'END'
[testpypi]
username = your-name
password = your-password
END
python -m twine upload --repository testpypi dist/*
