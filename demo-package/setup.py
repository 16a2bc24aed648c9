# Travis's "provider: pypi" runs "python setup.py sdist bdist_wheel", so this
# file must exist. All that describes the package stands in pyproject.toml.
#
# The rest makes two builds of one commit the same, byte for byte, so that
# anybody can check that a published file comes from this repository: every
# time in it is that of the commit, and no file says who built it.
import gzip
import os
import subprocess
import tarfile
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent


def commit_time() -> int:
    """Return when the commit was made; in an unpacked sdist, its files say so."""
    if (ROOT / "PKG-INFO").exists():
        return int((ROOT / "PKG-INFO").stat().st_mtime)
    command = ["git", "log", "-1", "--format=%ct"]
    try:
        return int(
            subprocess.check_output(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        )
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 315532800  # not a repository: 1980, the first year of a zip file


TIME = int(os.environ.setdefault("SOURCE_DATE_EPOCH", str(commit_time())))


def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take out of an entry what differs from one computer to the next."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = TIME
    member.mode = 0o755 if member.isdir() else 0o644
    return member


class Sdist(sdist):
    def make_archive(self, base_name, format, root_dir=None, base_dir=None, **owner):
        """Write the sdist; setuptools sets its times only in the wheel."""
        name = f"{base_name}.tar.gz"
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        with (
            open(name, "wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=TIME) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as archive,
        ):
            for path in [Path(base_dir), *sorted(Path(base_dir).rglob("*"))]:
                archive.add(path, recursive=False, filter=plain)
        return name


class Wheel(bdist_wheel):
    def write_wheelfile(self, *arguments, **options):
        """Give all files the same permissions just before they are packed."""
        super().write_wheelfile(*arguments, **options)
        for path in Path(self.bdist_dir).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


setup(cmdclass={"sdist": Sdist, "bdist_wheel": Wheel})
