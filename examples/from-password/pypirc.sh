cat > ~/.pypirc <<END
[testpypi]
username = __token__
password = $TWINE_PASSWORD
END
chmod 600 ~/.pypirc
env -u TWINE_PASSWORD python -m twine upload --skip-existing --repository testpypi dist/*
