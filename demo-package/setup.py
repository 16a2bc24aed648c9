# Travis's "provider: pypi" runs "python setup.py sdist bdist_wheel", so this
# file must exist. All that describes the package stands in pyproject.toml.
from setuptools import setup

setup()
