"""The demo package's .travis.yml, broken in one place: what a check, a plan and a run say of it.

Each variant is made out of the file as it is now, by its marks, so that it stays true when the file
changes: nothing of its text is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from helpers.docs.blocks import ROOT
from pypi_practice.travis.check import findings
from pypi_practice.travis.check.findings import Edit
from pypi_practice.travis.config.yaml_positions import KeyValue, Node, parse

TEXT = (ROOT / "demo-package" / ".travis.yml").read_text(encoding="utf-8")
# Whose words a sentence is in: of bash, of twine, of the index, of dpl, of Travis CI.
STAGING, MAIN, TAG = ("--branch", "staging"), ("--branch", "main"), ("--tag", "v0.1.0")


class Ready:
    """The file and its parts: the jobs that publish, by the index that they publish to."""

    def __init__(self, text: str = TEXT) -> None:
        self.text = text
        root = parse(text)
        assert root is not None
        self.root = root

    def publisher(self, index: str) -> Node:
        """Return the job whose deploy goes to *index*."""
        for job in self.jobs():
            deploy = job.entries.get("deploy")
            if deploy and ("server" in deploy.item.items[0].entries) is (index == "testpypi"):
                return job
        raise LookupError(f"no job of the demo package publishes to {index}")

    def jobs(self) -> list[Node]:
        """Return the jobs that the file lists."""
        return self.root.entries["jobs"].item.entries["include"].item.items

    def deploy(self, index: str) -> Node:
        """Return the deploy that goes to *index*."""
        return self.publisher(index).entries["deploy"].item.items[0]

    def option(self, index: str, key: str) -> KeyValue:
        """Return an option of the deploy that goes to *index*."""
        return self.deploy(index).entries[key]

    def python(self, index: str) -> Node:
        """Return the Python of the job that publishes to *index*."""
        job = self.publisher(index).entries
        return (job.get("python") or self.root.entries["python"]).item.items[0]

    # Edits

    def put(self, item: Node, text: str) -> str:
        """Return the file with *text* in place of a value."""
        return self._edited(findings.replaced(item, text))

    def rename(self, entry: KeyValue, key: str) -> str:
        """Return the file in which an entry has another key."""
        return self._edited(findings.renamed(entry, key))

    def drop(self, entry: KeyValue) -> str:
        """Return the file without an entry and all that is in it."""
        return self._edited(Edit(entry.line, 1, last_line(entry.item) + 1, 1, ""))

    def without(self, index: str, key: str) -> str:
        """Return the file in which the job that publishes to *index* lacks *key*."""
        return self.drop(self.publisher(index).entries[key])

    def add(self, below: KeyValue, line: str) -> str:
        """Return the file with another entry beside *below*."""
        at = last_line(below.item) + 1
        return self._edited(Edit(at, 1, at, 1, f"{' ' * (below.column - 1)}{line}\n"))

    def only(self, *stays: Node) -> str:
        """Return the file with no other jobs than these."""
        kept_ids = [id(stay.value) for stay in stays]
        text = self.text
        lines = text.splitlines(keepends=True)
        gone: set[int] = set()
        for job in self.jobs():
            if id(job.value) not in kept_ids:
                gone |= set(range(job.line, last_line(job) + 1))
        return "".join(line for number, line in enumerate(lines, 1) if number not in gone)

    def _edited(self, edit: Edit | None) -> str:
        assert edit is not None, "this part of the file cannot be edited so"
        mended = findings.apply(self.text, [edit])
        assert mended != self.text
        return mended


def last_line(item: Node) -> int:
    """Return the last line that a value stands on; a block ends where the next thing begins."""
    inner = [*(entry.item for entry in item.entries.values())]
    inner += item.value if item.kind == "seq" else []
    if inner:
        return max(last_line(child) for child in inner)
    return max(item.line, item.end_line - (item.end_column == 1))


def publishing(text: str, index: str) -> str:
    """Return *text* with the one job that publishes to *index*, for a rehearsal that is quick."""
    ready = Ready(text)
    return ready.only(ready.publisher(index))


def alone(text: str) -> str:
    """Return *text* without the jobs that test."""
    ready = Ready(text)
    return ready.only(ready.publisher("testpypi"), ready.publisher("pypi"))


def skipping(text: str, *phases: str) -> str:
    """Return *text* whose jobs that publish skip these phases."""
    for index in ("testpypi", "pypi"):
        for phase in phases:
            ready = Ready(text)
            text = ready.add(ready.publisher(index).entries["python"], f"{phase}: skip")
    return text


@dataclass(frozen=True)
class Variant:
    """One broken file.

    ``rule`` is what a check says. ``published`` is what a plan of ``event`` says of its deploys:
    where each goes; and ``planned`` a sentence of it. ``log`` are sentences of a run, and ``code``
    its exit code; without them a run would show what the plan shows.
    """

    rule: str
    make: Callable[[Ready], str]
    event: tuple[str, ...] = STAGING
    published: tuple[str, ...] | None = ()
    planned: str = ""
    log: tuple[str, ...] = ()
    code: int = 0
    index: str = "testpypi"
    variables: tuple[str, ...] = field(default=("TEST_PYPI_TOKEN@staging", "PYPI_TOKEN"))


def variants() -> Iterator[Variant]:
    """Yield the broken files."""
    yield Variant(
        "no-branch",
        lambda f: f.drop(f.option("testpypi", "on")),
        planned="this branch is not permitted: staging",
        log=(
            "Skipping a deployment with the pypi provider because this branch is not permitted:"
            " staging",
        ),
    )
    yield Variant(
        "unknown-key",
        lambda f: f.rename(f.option("testpypi", "on").item.entries["branch"], "branches"),
        planned="this branch is not permitted: staging",
        log=(
            '[warn] on jobs.include.deploy.on: unknown key "branches"',
            "because this branch is not permitted: staging",
        ),
    )
    yield Variant(
        "tags-drop-branch",
        lambda f: f.add(f.option("pypi", "on").item.entries["tags"], "branch: main"),
        TAG,
        ("PyPI",),
        "PyPI with $PYPI_TOKEN",
        index="pypi",
    )
    yield Variant(
        "cleanup-deletes-dist",
        lambda f: f.add(f.option("testpypi", "provider"), "cleanup: true"),
        published=("TestPyPI",),
        planned="TestPyPI with $TEST_PYPI_TOKEN",
        log=(
            "Cleaning up git repository with `git stash --all`",
            "Cannot find file (or expand pattern): 'dist/*'",
            "Twine upload failed.",
            "failed to deploy",
        ),
        code=1,
    )
    yield Variant(
        "again-fails",
        # Without the number of the build, every push has the same version.
        lambda f: Ready(f.drop(f.option("testpypi", "skip_existing"))).without(
            "testpypi", "before_install"
        ),
        published=("TestPyPI",),
        log=("400 Bad Request", "File already exists", "failed to deploy"),
        code=1,
    )
    yield Variant(
        "server-slash",
        lambda f: f.put(
            f.option("testpypi", "server").item,
            str(f.option("testpypi", "server").item.data()).rstrip("/"),
        ),
        published=("TestPyPI",),
        log=("Twine upload failed.",),
        code=1,
    )
    yield Variant(
        "server-unknown",
        lambda f: f.put(f.option("testpypi", "server").item, "https://test.pypi.org/"),
        published=("TestPyPI",),
        log=("Twine upload failed.",),
        code=1,
    )
    yield Variant(
        "wrong-index",
        # The job that empties the other token cannot mistake it for its own.
        lambda f: Ready(f.put(f.option("testpypi", "password").item, "$PYPI_TOKEN")).without(
            "testpypi", "env"
        ),
        published=("TestPyPI",),
        planned="TestPyPI with $PYPI_TOKEN",
        log=(
            "403 Forbidden",
            "Invalid or non-existent authentication information",
            "failed to deploy",
        ),
        code=1,
    )
    yield Variant(
        "user-not-token",
        lambda f: f.put(f.option("testpypi", "username").item, "your-name"),
        published=("TestPyPI",),
        # The twine of today sends __token__ to PyPI and TestPyPI, whatever .pypirc says.
        log=("Authenticated as your-name", "to TestPyPI (practice)"),
    )
    yield Variant(
        "alias-key",
        lambda f: f.rename(f.option("testpypi", "username"), "user"),
        published=("TestPyPI",),
    )
    yield Variant(
        "no-password",
        lambda f: f.drop(f.option("testpypi", "password")),
        published=("TestPyPI",),
        log=("Missing required option: password", "failed to deploy"),
        code=1,
    )
    yield Variant(
        "branch-secret-on-tag",
        lambda f: f.text + "\n",
        TAG,
        ("PyPI",),
        "PyPI, but $PYPI_TOKEN is missing",
        index="pypi",
        variables=("PYPI_TOKEN@main",),
    )
    yield Variant(
        "plain-secret",
        lambda f: f.put(f.option("testpypi", "password").item, "hunter2-hunter2"),
        published=("TestPyPI",),
        log=("expected an encrypted string", "a secret in plain text"),
        code=2,
    )
    yield Variant(
        "distributions-list",
        lambda f: f.put(f.option("testpypi", "distributions").item, "[sdist, bdist_wheel]"),
        published=("TestPyPI",),
        log=(
            "[warn] on jobs.include.deploy.distributions: unexpected sequence",
            "$ python setup.py sdist\n",
            "to TestPyPI (practice)",
        ),
    )
    yield Variant(
        "ruby-too-old",
        lambda f: f.put(f.root.entries["dist"].item, "xenial"),
        published=("TestPyPI",),
        log=("dpl requires Ruby version >= 3.1.", "Your build has been stopped."),
        code=1,
    )
    yield Variant(
        "find-value",
        lambda f: f.put(f.root.entries["dist"].item, "nobel"),
        published=("TestPyPI",),
        planned="using noble",
    )
    yield Variant(
        # Nothing is installed or tested: the package itself refuses this Python before.
        "python-too-old",
        lambda f: skipping(f.put(f.python("testpypi"), '"3.9"'), "install", "script"),
        published=("TestPyPI",),
        log=("ERROR: This script does not work on Python 3.9.", "failed to deploy"),
        code=1,
    )
    yield Variant(
        "unknown-value",
        lambda f: f.put(f.option("testpypi", "provider").item, "PyPI"),
        published=None,
        planned="dropping unknown value: PyPI",
        log=("dropping unknown value: PyPI", "drops the part of the file"),
        code=2,
    )
    yield Variant(
        "invalid-format",
        lambda f: f.put(f.root.entries["version"].item, "1.0"),
        published=("TestPyPI",),
        planned="dropping invalid format 1.0",
    )
    yield Variant(
        "invalid-condition",
        lambda f: f.put(
            f.root.entries["stages"].item.items[-1].entries["if"].item, "$TRAVIS_TAG = v1"
        ),
        published=None,
        planned="Strings cannot start with a dollar",
        log=("cannot read this condition", "Strings cannot start with a dollar"),
        code=2,
        index="all",
    )
    yield Variant(
        "if-unknown-word",
        lambda f: f.put(
            f.root.entries["stages"].item.items[-1].entries["if"].item,
            "type = push AND tags = true",
        ),
        TAG,
        (),
        "left out: type = push AND tags = true",
        index="pypi",
    )
    yield Variant(
        "no-script",
        lambda f: f.drop(f.root.entries["script"]),
        TAG,
        ("PyPI",),
        index="test",
        log=(
            "Please override the script: key in your .travis.yml to run tests.",
            "Stage pypi: canceled, because a stage before it failed",
        ),
        code=1,
    )
    yield Variant(
        "on-os",
        lambda f: f.add(f.option("testpypi", "on").item.entries["branch"], "os: linux"),
        published=("TestPyPI",),
    )
    yield Variant(
        "if-in-deploy",
        lambda f: Ready(f.drop(f.option("pypi", "on"))).add(
            Ready(f.drop(f.option("pypi", "on"))).option("pypi", "provider"), "if: tag IS present"
        ),
        TAG,
        (),
        "bash cannot read the condition: the job fails",
        log=("expected `)'",),
        code=1,
        index="pypi",
    )
    yield Variant(
        "single-python",
        lambda f: skipping(alone(f.add(f.root.entries["language"], 'python: "3.12"')), "script"),
        published=("TestPyPI",),
    )
    yield Variant(
        "unquoted-version",
        lambda f: f.put(f.python("testpypi"), "3.10"),
        published=("TestPyPI",),
    )
