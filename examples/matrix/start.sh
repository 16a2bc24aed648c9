python3 -m zipfile -e random-names.zip .
cd random-names
git init --quiet --initial-branch main
git add .
git commit --quiet --message "Start from the demo package"
git tag v0.1.0
PYPI_TOKEN="$(pypi-practice token new --index pypi --name travis-pypi)"
export PYPI_TOKEN
