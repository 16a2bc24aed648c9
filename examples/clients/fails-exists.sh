rm dist/.gitignore
PDM_PUBLISH_PASSWORD=$TEST_PYPI_TOKEN pdm publish --no-build --repository testpypi
