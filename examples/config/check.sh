pypi-practice travis check
