python -m pip install --quiet check-jsonschema
check-jsonschema --builtin-schema vendor.travis .travis.yml
