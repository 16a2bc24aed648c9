env -u FLIT_INDEX_URL flit publish --repository testpypi
