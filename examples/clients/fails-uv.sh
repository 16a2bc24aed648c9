uv publish --trusted-publishing never --publish-url https://test.pypi.org/legacy/ 2> uv.log || { cat uv.log; false; }
