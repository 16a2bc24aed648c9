python -m build > build.log
python -m twine upload --repository testpypi dist/* > first.log
echo "One more line." >> README.md
python -m build > build.log
python -m twine upload --repository testpypi dist/*
