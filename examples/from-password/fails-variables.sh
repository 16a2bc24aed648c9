TWINE_USERNAME=your-name TWINE_PASSWORD=your-password python -m twine upload --repository testpypi dist/*
