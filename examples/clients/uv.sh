UV_PUBLISH_TOKEN=$TEST_PYPI_TOKEN uv publish --trusted-publishing never --publish-url https://test.pypi.org/legacy/
