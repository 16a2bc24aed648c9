"""This project's own .travis.yml keeps the rules of the guide, and publishes what is whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from helpers.docs.blocks import ROOT

from pypi_practice.cli.main import main
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Job, Variable
from pypi_practice.travis.plan.secret_variables import visible_variables
from scripts import system_packages

pytestmark = pytest.mark.long

FILE = ROOT / ".travis.yml"
EN = Translator("en", "travis/messages")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PYPROJECT["project"]["version"]
# What the package is made of: its folders, and what stands beside them.
PACKAGED = ("pypi_practice", "demo-package", "examples/trusted")
FILES = (
    "pyproject.toml",
    "MANIFEST.in",
    "LICENSE",
    "Makefile",
    "make.py",
    "requirements/publish.txt",
)
# The repository variables of CONTRIBUTING.md, each limited to the branch that needs it, and the
# token of PyPI to none, which is the worst that it allows.
VARIABLES = ["PAGES_TOKEN@main", "TEST_PYPI_TOKEN@staging", "PYPI_TOKEN"]
# The first job runs all tests; the others what a minute allows, with the other Pythons.
TESTED = {
    "All tests": ("3.13", "make test"),
    "Python 3.11": ("3.13", "make check PYTHON=python3.11"),
    "Python 3.12": ("3.12", "make check"),
    "Python 3.14": ("3.14", "make check"),
}


def jobs_of(event: Event) -> list[Job]:
    """Return the jobs that a build of *event* has here."""
    variables = []
    for text in VARIABLES:
        name, _, branch = text.partition("@")
        variables.append(Variable(name, "secret", branch or None))
    plan = planner.make(loader.read(ROOT, EN), event, variables, 1, EN)
    return [job for stage in plan.stages if stage.runs for job in stage.jobs]


def test_the_check_finds_nothing_to_mend(capsys):
    variables = [part for name in VARIABLES for part in ("--var", name)]
    assert main(["--lang", "en", "travis", "check", str(FILE), *variables]) == 0
    assert capsys.readouterr().out.strip().endswith("nothing to mend.")


@pytest.mark.parametrize(
    ("file", "schema"), [(".travis.yml", "travis"), (".readthedocs.yaml", "readthedocs")]
)
def test_the_schema_accepts_it(file, schema):
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("event", "published", "secrets"),
    [
        (Event("main"), ["pages"], {"PAGES_TOKEN"}),
        (Event("staging"), ["script"], {"TEST_PYPI_TOKEN"}),
        (Event("main", tag=f"v{VERSION}"), ["script"], {"PYPI_TOKEN"}),
        (Event("another"), [], set()),
        (Event("main", tag="nightly"), [], set()),
        (Event("main", kind="cron"), [], set()),
        (Event("main", pull_request=True, from_fork=True), [], set()),
        (Event("staging", pull_request=True, from_fork=True), [], set()),
        (Event("main", pull_request=True), [], set()),
    ],
    ids=str,
)
def test_each_event_publishes_what_it_should(event, published, secrets):
    """The tests come first and see no secret, and the job that publishes sees its own alone."""
    jobs = jobs_of(event)
    assert [job.stage == "test" for job in jobs] == [True] * len(TESTED) + [False] * len(published)
    assert [deploy.provider for job in jobs for deploy in job.deploys] == published
    for job in jobs:
        assert set(visible_variables(job)) == (set() if job.stage == "test" else secrets)


def test_only_locked_tools_build_and_upload():
    """What the locked tools need is locked with them, and nothing is fetched beside them."""
    for job in [*jobs_of(Event("staging")), *jobs_of(Event("main", tag=f"v{VERSION}"))]:
        if job.stage == "test":
            continue
        assert job.phase("install") == [
            "python -m pip install --require-hashes -r requirements/publish.txt"
        ]
        assert "python -m build --no-isolation" in job.phase("script")[0]
        text = " ".join(" ".join(job.phase(name)) for name in ("before_install", "script"))
        assert not re.search(r"\b(?:pip|pipx|uvx?|curl|wget)\b", text)
    lock = (ROOT / "requirements/publish.txt").read_text(encoding="utf-8")
    needed = [*PYPROJECT["build-system"]["requires"], *PYPROJECT["dependency-groups"]["publish"]]
    for name in re.findall(r"^[\w-]+", "\n".join(needed), re.M):
        assert re.search(rf"^{name}==", lock, re.M), name


def test_the_site_is_published_as_its_page_says():
    page = yaml.safe_load((ROOT / "examples" / "site" / "pages.yml").read_text(encoding="utf-8"))
    ours = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    job = next(candidate for candidate in ours["jobs"]["include"] if candidate["stage"] == "site")
    theirs = next(
        candidate for candidate in page["jobs"]["include"] if candidate["stage"] == "site"
    )
    # This file has more tokens to empty than one that publishes a site alone.
    env = " ".join(word for word in job["env"].split() if "PYPI" not in word)
    assert {**job, "name": None, "env": env} == {**theirs, "name": None}
    assert page["stages"][1] == ours["stages"][1]


def test_the_test_job_has_what_the_tests_need():
    job = yaml.safe_load(FILE.read_text(encoding="utf-8"))["jobs"]["include"][0]
    assert set(job["addons"]["apt"]["packages"]) == {
        *system_packages.spelling(),
        *system_packages.PROGRAMS,
    }
    assert job["script"] == "make test"


def test_every_python_that_is_promised_is_tested():
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    jobs = [job for job in content["jobs"]["include"] if job["stage"] == "test"]
    assert {
        job["name"]: (job.get("python", content["python"]), job["script"]) for job in jobs
    } == TESTED
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    assert promised == ["3.11", "3.12", "3.13", "3.14"]
    run = "\n".join(f"{name} {python}" for name, (python, _) in TESTED.items())
    assert all(version in run for version in promised)


@pytest.mark.parametrize(
    ("tag", "message"),
    [(f"v{VERSION}", ""), ("v99.0.0", f"The tag is v99.0.0, the version {VERSION}")],
)
def test_a_tag_that_is_not_the_version_publishes_nothing(tag, message):
    job = next(job for job in jobs_of(Event("main", tag=tag)) if job.stage == "pypi")
    compared, _, rest = job.phase("script")[0].partition(" && ")
    assert rest == "python -m build --no-isolation && python -m twine check --strict dist/*"
    done = subprocess.run(
        ["bash", "-c", compared],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "TRAVIS_TAG": tag,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
    )
    assert (done.returncode, done.stderr.strip()) == (int(bool(message)), message)


def test_read_the_docs_builds_the_site():
    (command,) = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))["build"][
        "commands"
    ]
    # These tests may be run by make itself, which tells another make that it is not the first.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    environ = {**kept, "READTHEDOCS_OUTPUT": "/out", "READTHEDOCS_CANONICAL_URL": "https://x"}
    command = command.replace("make site", "make --dry-run site")
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("make.py site --install-browser --site-dir /out/html")


# Played: the jobs that publish


GET = """\
import json, sys, urllib.request as web
for file in json.load(web.urlopen("https://pypi.org/pypi/pypi-practice/json"))["urls"]:
    web.urlretrieve(file["url"], f"{sys.argv[1]}/{file['filename']}")
"""


@pytest.fixture(scope="module")
def published(guide_readers, tmp_path_factory) -> tuple[str, Path]:
    """Play pushes to main and to staging, and a tag.

    Return the log, and the folder of what can be had then. The tests and the build of the site,
    which are these tests, are not run once more.
    """
    place = tmp_path_factory.mktemp("published")
    project = place / "project"
    for name in files(*PACKAGED) | {*FILES}:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    text = FILE.read_text(encoding="utf-8")
    # The jobs with the other Pythons publish nothing and are planned only: see above.
    others = re.compile(r"^    - stage: test\n      name: Python .*?(?=^    - stage)", re.M | re.S)
    text, count = others.subn("", text)
    assert count == len(TESTED) - 1
    # What each job's programs see is written down, before the tools are installed and at the build.
    see = f'env >> "{place}/environment"'
    for command, done in (("make test", "echo tested"), ("make site", "mkdir site")):
        assert text.count(f"script: {command}\n") == 1
        text = text.replace(f"script: {command}\n", f"script: {done} && {see}\n")
    for command in ("python -m pip install --require-hashes", "python -m build --no-isolation"):
        assert text.count(command) == 2
        text = text.replace(command, f"{see} && {command}")
    (project / ".travis.yml").write_text(text, encoding="utf-8")
    # The jobs write down what they see outside of their folders, where bubblewrap lets none write.
    play = "pypi-practice --lang en travis run . --wall none"
    lines = [
        "set -e",
        "git init -q -b staging",
        "git add .",
        "git commit -qm Start",
        f"PAGES_TOKEN=secret {play} --branch main --var PAGES_TOKEN@main",
        'export TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi)"',
        f"{play} --branch staging --var TEST_PYPI_TOKEN@staging",
        f"git tag v{VERSION}",
        'export PYPI_TOKEN="$(pypi-practice token new --index pypi)"',
        f"{play} --tag v{VERSION} --var PYPI_TOKEN",
        f"cat > '{place}/get.py' << 'END'\n{GET}END",
        f"python3 '{place}/get.py' '{place}'",
        f"python3 -m pip install -q --no-deps --target '{place}/installed' pypi-practice",
        "pypi-practice --lang en list",
    ]
    done = guide_readers.reader("publishing").practice("bash", "-c", "\n".join(lines), cwd=project)
    assert done.returncode == 0, done.stdout
    return done.stdout, place


def test_the_site_is_built_on_the_main_branch_and_its_deploy_comes_next(published):
    """How GitHub Pages takes it is not played: the rehearsal says so."""
    log = published[0].partition("Nothing was published.")[0]
    site = log.partition("$ mkdir site")[2]
    assert "exited with 0.\n==> not played: provider pages\n" in re.sub(r"\x1b\[\S*?[mK]", "", site)
    assert "$ export PAGES_TOKEN=[secure]" in log
    assert not re.search(r"Job .*Publish the site.*failed", log)


def test_no_program_sees_a_token_before_the_upload(published):
    """The rehearsal passes the variables on as Travis CI does: the file takes them away."""
    seen = (published[1] / "environment").read_text(encoding="utf-8")
    assert seen.count("TRAVIS_JOB_NUMBER=") == 3 * 1 + 1 + 2 * 2  # tests, site, two that publish
    assert "pypi-Ag" not in seen
    assert not re.search(r"^PAGES_TOKEN=.", seen, re.M)


def test_the_package_is_on_both_indexes(published):
    log = published[0]
    listed = log.rpartition("==> Summary")[2]
    for index in ("TestPyPI", "PyPI"):
        for name in (
            f"pypi_practice-{VERSION}.tar.gz",
            f"pypi_practice-{VERSION}-py3-none-any.whl",
        ):
            assert re.search(rf"^{index} .*{re.escape(name)}$", listed, re.M | re.I), listed
    assert log.count("PASSED") >= 4


def files(*folders: str) -> set[str]:
    """Return the files of the repository that the package must have."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return {name for name in listed if (ROOT / name).is_file()}


def test_the_wheel_is_whole(published):
    (wheel,) = published[1].glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"pypi_practice-{VERSION}.dist-info/METADATA").decode()
    folders = PYPROJECT["tool"]["setuptools"]["package-dir"]
    places = {folder: package.replace(".", "/") for package, folder in folders.items()}
    wanted = files("pypi_practice")
    for folder, place in places.items():
        wanted |= {place + name.removeprefix(folder) for name in files(folder)}
    info = f"pypi_practice-{VERSION}.dist-info"
    # The description is in METADATA, and what argparse says in the catalogue that is made of it.
    needless = {"pypi_practice/README.md", "pypi_practice/data/commands/argparse.yml"}
    needless |= {name for name in wanted if "/fails-" in name or name.endswith("/proof.yml")}
    assert {name for name in names if not name.startswith(info)} == wanted - needless
    assert f"{info}/licenses/LICENSE" in names
    readme = (ROOT / "pypi_practice" / "README.md").read_text(encoding="utf-8")
    assert metadata.endswith(readme)
    assert not re.search(r"\]\((?!https?://|#)", readme), "PyPI has no files beside the README"


def test_the_sdist_is_whole(published):
    (sdist,) = published[1].glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert files("pypi_practice") | {"LICENSE", "pyproject.toml", "PKG-INFO"} <= names
    assert not any(name.startswith(("tests", "docs")) for name in names)


def test_what_was_installed_works_outside_of_the_repository(published, tmp_path):
    target, elsewhere = published[1] / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(FILE, elsewhere)
    script = (
        "import sys, pypi_practice, pypi_practice.data; from pypi_practice.cli.main import main\n"
        "print(pypi_practice.__file__, pypi_practice.data.__file__)\n"
        "sys.exit(main(['--lang', 'es', 'list']) or main(['token', 'new', '--index', 'pypi'])"
        " or main(['travis', 'check', '.']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(target),
            "LANGUAGE": "en",
            "PYPI_PRACTICE_DATA": str(tmp_path / "index"),
        },
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(place.startswith(str(target)) for place in lines[0].split())
    assert "Todavía no se ha subido nada." in lines
    assert any(line.startswith("pypi-") for line in lines)
    assert "nothing to mend" in lines[-1]


def test_the_commands_of_its_own_readme_are_those_that_were_run():
    readme = (ROOT / "pypi_practice" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\$ (.*)$", readme, re.M) == [
        "python -m pip install pypi-practice",
        "pypi-practice shell",
        "pypi-practice token new --index testpypi",
        "pypi-practice list",
    ]
