(cd src && python -m twine check --strict dist/*)
