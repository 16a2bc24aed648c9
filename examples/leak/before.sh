git init --quiet --initial-branch staging
git add . && git commit --quiet --message "Start" && git tag v0.1.0
export TWINE_USERNAME=__token__
TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name travis)"
export TWINE_PASSWORD
python -m twine upload --repository testpypi dist/*
