export TWINE_USERNAME=travis TWINE_PASSWORD="$INDEX_PASSWORD"
python -m twine upload --repository-url http://127.0.0.1:8642/ dist/*
