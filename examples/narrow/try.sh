TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi --name travis-2026-12 --project random-names)"
export TEST_PYPI_TOKEN
pypi-practice travis run . --branch staging --var TEST_PYPI_TOKEN@staging > travis.log
tail -n 12 travis.log
