from pathlib import Path
from tempfile import TemporaryDirectory

from twine.utils import get_repository_from_config


def password(line):
    with TemporaryDirectory() as folder:
        file = Path(folder, ".pypirc")
        file.write_text(f"[testpypi]\n{line}\n")
        return get_repository_from_config(str(file), "testpypi")["password"]


print(password("password = pypi-100%"))
#> pypi-100%
print(password('password = "pypi-quoted"'))
#> "pypi-quoted"
print(password("password = pypi-secret # for TestPyPI"))
#> pypi-secret # for TestPyPI
