env -u TEST_PYPI_TOKEN bash -c ': "${TEST_PYPI_TOKEN:?is not set in this build}"'
