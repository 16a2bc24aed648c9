export POETRY_REPOSITORIES_TESTPYPI_URL=https://test.pypi.org/legacy/
POETRY_PYPI_TOKEN_TESTPYPI=$TEST_PYPI_TOKEN poetry publish --repository testpypi
