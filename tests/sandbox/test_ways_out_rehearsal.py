"""Ways out of a rehearsal, tried in a lab: what arrives behind each kind of wall.

See docs/data/tables/ways_out.yml for what is tried, and where it is known to work.
"""

from __future__ import annotations

import functools
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest
import yaml
from helpers.lab import laboratory
from helpers.lab.laboratory import ATTEMPT, PROGRAM, Arrived, Command, Lab
from helpers.lab.results import MakeLab, check, check_kind, got_out, lab_maker, offered_walls
from helpers.lab.ways_out import Way, filled, ways_tried

KINDS = ("bubblewrap", "namespace", "landlock", "none")
WAYS = ways_tried("rehearsal")
GUARD = 60  # seconds after which an attempt counts as one that does not end
SETUP = "from setuptools import setup\nsetup(name='lab-demo', version='1.0')\n"
HELPERS = ("LAB_VICTIM", "LAB_FOLDER", "LAB_OUTSIDE")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> MakeLab:
    """A function that makes a lab, in which the deploy tool finds what it installs."""
    try:
        wheels = laboratory.download_wheels(tmp_path_factory.mktemp("wheels"))
    except subprocess.CalledProcessError as error:
        pytest.fail(f"twine cannot be downloaded for the lab: {error.stderr}")
    return lab_maker(tmp_path_factory, wheels)


@pytest.fixture(scope="module")
def offered(make: MakeLab) -> dict[str, str]:
    """What this computer offers."""
    return offered_walls(make)


def is_alone(way: Way) -> bool:
    """Tell whether *way* needs a rehearsal of its own."""
    return bool(way.files or way.repository or way.later or way.alone or "deploy" in way.job)


def jobs(ways: list[Way], lab: Lab) -> list[dict[str, Any]]:
    """Return the jobs of .travis.yml that try *ways*: those with the same keys share one."""
    version = "{}.{}".format(*sys.version_info)
    by_keys: dict[str, dict[str, Any]] = {}
    for way in ways:
        run = shlex.quote(filled(way.run, way, str(lab.home)))
        keys = filled(way.job, way, str(lab.home))
        job = by_keys.setdefault(
            str(keys), {"name": way.name, "python": version, "script": [], **keys}
        )
        if "script" in keys:
            continue
        job["script"].append(
            f"LAB_WAY={way.name} LAB_PYTHON=python LAB_ATTEMPT=$PWD/attempt.py"
            f" timeout -k 1 {GUARD} bash -c {run}"
        )
    return list(by_keys.values())


def git(lab: Lab, *words: str) -> str:
    """Run git in the user's repository; return what it prints."""
    environ = lab.environ()
    result = subprocess.run(
        ["git", *words], cwd=lab.project, env=environ, capture_output=True, text=True, check=True
    )
    return result.stdout


def write_repository(lab: Lab, ways: list[Way]) -> None:
    """Make the user's repository: a job for each of *ways*, a branch and a tag more."""
    shutil.move(lab.project / "dist" / laboratory.WHEEL, lab.project / laboratory.WHEEL)
    shutil.copy(ATTEMPT, lab.project / "attempt.py")
    lab.write("setup.py", SETUP)
    settings = {
        "language": "python",
        "install": "skip",
        "jobs": {"include": jobs(ways, lab)},
    }
    lab.write(".travis.yml", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    if not (lab.home / ".gitconfig").exists():
        lab.write("~/.gitconfig", "[user]\n  name = x\n  email = x@x.test\n")
    git(lab, "init", "--quiet", "--initial-branch=main")
    git(lab, "add", ".")
    git(lab, "commit", "--quiet", "--message=x")
    git(lab, "branch", "other")
    git(lab, "tag", "v1")
    git(lab, "remote", "add", "origin", "https://github.com/your-name/lab-demo.git")


def rehearse(kind: str, ways: list[Way], lab: Lab, *options: str) -> Arrived:
    """Rehearse the build of a repository in which each of *ways* is a job."""
    for way in ways:
        for name, text in way.files.items():
            lab.write(name, filled(text, way, str(lab.home)))
    write_repository(lab, ways)
    values = {name: f"@{name}@" for name in HELPERS}
    values |= {"LAB_REPOSITORY": str(lab.project), "LAB_TOKEN": f"pypi-{ways[0].mark}"}
    variables = [f"--var={name}={value}" for name, value in values.items()]
    command = [*PROGRAM, "travis", "run", str(lab.project), "--wall", kind, *options, *variables]
    later = [Command(shlex.split(way.later), lab.environ()) for way in ways if way.later]
    arrived = lab.run(Command(command, lab.environ(), timeout=1800), *later)
    print(*arrived.outputs, sep="\n")
    return arrived


@functools.cache
def batch(kind: str, make: MakeLab) -> Arrived:
    """Try all ways that need nothing of their own as the jobs of one build."""
    return rehearse(kind, [way for way in WAYS if not is_alone(way) and not way.missing()], make())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_arrives(way: Way, kind: str, make: MakeLab, offered: dict[str, str]) -> None:
    check_kind(kind, offered)
    if missing := way.missing():
        pytest.skip(f"not run: {missing}")
    if not is_alone(way):
        arrived = batch(kind, make)
        check(way, "rehearsal", kind, got_out(way, arrived, everything=False))
        return
    lab = make()
    arrived = rehearse(kind, [way], lab)
    reports = got_out(way, arrived, everything=True)
    if way.repository:
        first = git(lab, "log", "--max-parents=0", "--format=%H").split()[0]
        refs = git(lab, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        expected = [f"refs/{name} {first}" for name in ("heads/main", "heads/other", "tags/v1")]
        if refs != expected:
            reports.append(f"the repository changed: {refs}")
    check(way, "rehearsal", kind, reports)


@pytest.mark.parametrize("name", ["deploy-script", "deploy-server"])
def test_a_deploy_arrives_where_the_host_is_allowed(name: str, make: MakeLab) -> None:
    (way,) = (way for way in WAYS if way.name == name)
    arrived = rehearse("none", [way], make(), "--allow-host", "packages.other.test:443")
    assert arrived.of(name)
