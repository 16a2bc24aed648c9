cat > own.pypirc <<'END'
[distutils]
index-servers =
    testpypi
    own

[own]
repository = http://127.0.0.1:8642/
username = travis
END
python -m build --sdist > build.log
python -m twine upload --config-file own.pypirc --repository own dist/*.tar.gz
