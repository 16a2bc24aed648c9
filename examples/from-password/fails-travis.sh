pypi-practice travis run . --branch staging --var PYPI_PASSWORD=your-password
