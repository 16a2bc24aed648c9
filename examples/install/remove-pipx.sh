pipx uninstall pypi-practice
