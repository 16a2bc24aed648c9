git log --all --oneline --name-only -G'pypi-[A-Za-z0-9_-]{85,}' --extended-regexp
