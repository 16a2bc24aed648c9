echo >> README.md
python -m build > build.log
python -m twine upload --repository testpypi dist/*
