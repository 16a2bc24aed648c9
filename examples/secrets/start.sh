mkdir secrets && cd secrets
git init --quiet --initial-branch staging
TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi --name travis)"
export TEST_PYPI_TOKEN
