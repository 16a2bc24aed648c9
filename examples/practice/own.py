import functools
import shutil
import subprocess
import sys
import tempfile

from pypi_practice import practice_index

with practice_index() as index, tempfile.TemporaryDirectory() as place:
    project = shutil.copytree("demo-package", f"{place}/project")
    environ = {**index.environ, "TWINE_PASSWORD": index.token("testpypi")}
    run = functools.partial(
        subprocess.run, cwd=project, env=environ, check=True, capture_output=True
    )
    run([sys.executable, "-m", "build", "--no-isolation"])
    run([sys.executable, "-m", "twine", "upload", "-r", "testpypi", "dist/*"])
    for file in index.files("testpypi"):
        print(file.filename, file.version, index.content(file.filename)[:2])
        #> random_names-0.1.0-py3-none-any.whl 0.1.0 b'PK'
        #> random_names-0.1.0.tar.gz 0.1.0 b'\x1f\x8b'
