uv tool uninstall pypi-practice
