uv publish --trusted-publishing never --publish-url https://test.pypi.org/legacy/
