git add . && git commit --quiet --message "Take the token away"
pypi-practice travis run . --branch staging --var TEST_PYPI_TOKEN@staging
