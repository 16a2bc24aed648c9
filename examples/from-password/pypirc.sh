cat > ../trial.pypirc <<END
[testpypi]
username = __token__
password = $TWINE_PASSWORD
END
chmod 600 ../trial.pypirc
env -u TWINE_PASSWORD python -m twine upload --config-file ../trial.pypirc --skip-existing --repository testpypi dist/*
