import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from twine.settings import Settings

FILE = "[distutils]\nindex-servers = testpypi\n[testpypi]\npassword = from-the-file\n"


def password(*arguments, **environment):
    os.environ.update(environment)
    try:
        parser = argparse.ArgumentParser()
        Settings.register_argparse_arguments(parser)
        with TemporaryDirectory() as folder:
            file = Path(folder, ".pypirc")
            file.write_text(FILE)
            given = ["--config-file", str(file), "-r", "testpypi", *arguments]
            return Settings.from_argparse(parser.parse_args(given)).password
    finally:
        for name in environment:
            del os.environ[name]


print(password())
#> from-the-file
print(password(TWINE_PASSWORD="from-the-environment"))
#> from-the-environment
print(password("-p", "from-the-line", TWINE_PASSWORD="from-the-environment"))
#> from-the-line
print(repr(password(TWINE_PASSWORD="")))
#> ''
