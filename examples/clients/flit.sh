sed -i.bak 's/^version = .*/version = "0.1.1"/' pyproject.toml
export FLIT_INDEX_URL=https://test.pypi.org/legacy/ FLIT_USERNAME=__token__
FLIT_PASSWORD=$TEST_PYPI_TOKEN flit publish
