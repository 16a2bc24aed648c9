sed -i.bak '/^    own$/d' own.pypirc
python -m twine upload --config-file own.pypirc --repository own dist/*.tar.gz
