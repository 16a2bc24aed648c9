TWINE_USERNAME=your-name python -m twine upload --repository testpypi dist/*
