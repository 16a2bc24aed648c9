git commit --quiet --allow-empty --message "Rehearse again"
pypi-practice travis run . --branch staging --var TEST_PYPI_TOKEN@staging
