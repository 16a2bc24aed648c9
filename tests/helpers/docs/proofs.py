"""Proves each block of a page by what would really use it."""

from __future__ import annotations

import configparser
import functools
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from pytest_examples import CodeExample, EvalExample
from twine.utils import get_config, get_repository_from_config

from helpers.docs import normalize_output, pipelines
from helpers.docs.blocks import ROOT, Block, blocks, owner
from helpers.docs.tutorial_runner import GuideReaders, Outcome
from pypi_practice.core.data import load

SCHEMA = ("check_jsonschema", "--builtin-schema", "vendor.travis")
REFRESH = "refresh it with: make refresh"


def prove(block: Block, readers: GuideReaders, eval_example: EvalExample, tmp_path: Path) -> None:
    """Prove one block, or fail with its name and its page."""
    description = f"{block.path} on the page {block.page}"
    assert block.file.is_file(), f"{description} does not exist"
    match block.kind:
        case "run" if block.file.suffix == ".py":
            _python(block, eval_example)
        case "run":
            prove_shell(block, readers.outcome(block), description)
        case "captured":
            _captured(block, readers, eval_example.update_examples, description, tmp_path)
        case "judged" if pipelines.kind(block):
            _pipeline(block, readers, description, tmp_path)
        case "judged" if block.file.suffix == ".yml":
            _travis(block, readers, description, tmp_path)
        case "judged" if block.file.suffix == ".pypirc":
            _pypirc(block, description, tmp_path)
        case "judged" if block.file.suffix == ".toml" and block.path.startswith("examples/"):
            _pyproject(block, readers, description, tmp_path)
        case "judged":
            _demo_package(block, description, tmp_path)
        case "declared":
            reasons = block.special["declared"]
            assert reasons.keys() == {"en", "es"}, (
                f"{description}: the reason must be in both languages"
            )


def _python(block: Block, eval_example: EvalExample) -> None:
    example = CodeExample.create(block.file.read_text(encoding="utf-8"), path=block.file)
    if eval_example.update_examples:
        eval_example.run_print_update(example)
    else:
        eval_example.run_print_check(example)


def prove_shell(block: Block, outcome: Outcome, description: str) -> None:
    """Prove by its *outcome* that a block passed, or failed as its page says."""
    if block.must_fail:
        assert outcome.code != 0, f"{description} must fail, but it passed:\n{outcome.output}"
        assert block.file.with_suffix(".out") in shown_outputs(block), (
            f"{description} must fail, and its page does not show the message"
        )
    else:
        assert outcome.code == 0 == outcome.failures, (
            f"{description} failed with {outcome.code}:\n{outcome.output}"
        )


def shown_outputs(block: Block) -> set[Path]:
    """Return the captured outputs that the page of *block* shows."""
    return {shown.file for shown in blocks(block.page) if shown.kind == "captured"}


def _captured(
    block: Block, readers: GuideReaders, update: bool, description: str, tmp_path: Path
) -> None:
    source = next(
        (
            candidate
            for candidate in (*blocks(block.page), *blocks(owner(block)))
            if candidate.file.with_suffix("") == block.file.with_suffix("")
            and candidate.kind != "captured"
        ),
        None,
    )
    assert source is not None, f"{description} is the output of nothing on that page"
    if source.file.suffix == ".sh":
        outcome = readers.outcome(source)
        output = normalize_output.normalized(outcome.output, outcome.home)
    else:
        output = normalize_output.normalized(judge(source, readers, tmp_path).stdout, tmp_path)
    if not update:
        prove_output(block, output, description)
        return
    part(block, output)  # fails if the page shows a part that is not there today
    # A refresh also takes over sizes and lines that the page does not show.
    compared = functools.partial(normalize_output.compared, with_sizes=True)
    if compared(block.file.read_text(encoding="utf-8")) != compared(output):
        block.file.write_text(output, encoding="utf-8")


def prove_output(block: Block, output: str, description: str) -> None:
    """Prove that what the page shows is in *output*."""
    stored = block.file.read_text(encoding="utf-8")
    assert part(block, stored) == part(block, output), (
        f"{description} is not what is printed today; if that is right, {REFRESH}"
    )


def part(block: Block, output: str) -> str:
    """Return what the page shows of *output*, without what may differ between two days."""
    options = dict(block.options)
    lines = output.splitlines()
    start = _find_line(lines, options.get("first"), 0, 0)
    end = _find_line(lines, options.get("last"), start or 0, len(lines) - 1)
    missing = f"{options} is not in the output:\n{output}"
    assert start is not None, missing
    assert end is not None, missing
    return normalize_output.compared("\n".join(lines[start : end + 1]))


def _find_line(lines: list[str], text: str | None, start: int, without: int) -> int | None:
    if text is None:
        return without
    return next((at for at in range(start, len(lines)) if text in lines[at]), None)


def project(folder: Path, travis: Path) -> Path:
    """Make a copy of the demo package in a git repository, with *travis* as its .travis.yml."""
    target = folder / "random-names"
    if target.exists():
        shutil.rmtree(target)
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."],
        cwd=ROOT / "demo-package",
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "demo-package" / name, target / name)
    shutil.copy(travis, target / ".travis.yml")
    for command in (
        ["init", "--quiet", "--initial-branch", "staging"],
        ["add", "."],
        ["-c", "user.name=Y", "-c", "user.email=y@example.com", "commit", "-q", "-m", "Start"],
    ):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


def judge(block: Block, readers: GuideReaders, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Give a file to what refuses bad ones: twine, its schema, an auditor, or the rehearsal."""
    if block.file.suffix == ".pypirc":
        return twine(block, tmp_path)
    if pipelines.kind(block):
        return pipelines.judge(block, tmp_path)
    target = project(tmp_path, block.file)
    if block.must_fail or block.is_warned:
        return readers.reader("judge").rehearse(target)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.travis",
            ".travis.yml",
        ],
        cwd=target,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _travis(block: Block, readers: GuideReaders, description: str, tmp_path: Path) -> None:
    result = judge(block, readers, tmp_path)
    if block.must_fail:
        assert result.returncode != 0, (
            f"{description} must be refused, but it passed:\n{result.stdout}"
        )
        assert block.file.with_suffix(".out") in shown_outputs(block), (
            f"{description} must be refused, and its page does not show the message"
        )
    else:
        assert result.returncode == 0, f"{description} is refused:\n{result.stdout}"
        if block.is_warned:
            assert "[warn]" in result.stdout, (
                f"Travis CI warns of nothing in {description}:\n{result.stdout}"
            )
            assert block.file.with_suffix(".out") in shown_outputs(block), (
                f"Travis CI warns of {description}, and its page does not show the message"
            )
            return
        plan = readers.reader("judge").rehearse(tmp_path / "random-names")
        assert plan.returncode == 0, f"{description} cannot be rehearsed:\n{plan.stdout}"
        assert "[warn]" not in plan.stdout, f"Travis CI would warn of {description}:\n{plan.stdout}"


def twine(block: Block, home: Path) -> subprocess.CompletedProcess[str]:
    """Let twine begin an upload to TestPyPI with this file as the reader's ``~/.pypirc``."""
    shutil.copy(block.file, home / ".pypirc")
    return subprocess.run(
        [sys.executable, "-m", "twine", "upload", "--non-interactive", "-r", "testpypi", "nothing"],
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath, "NO_COLOR": "1", "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _pypirc(block: Block, description: str, tmp_path: Path) -> None:
    """Prove a .pypirc by twine's own reader: each index that it names has an address and a user."""
    if block.must_fail:
        output = twine(block, tmp_path).stdout
        assert "InvalidConfiguration" in output, (
            f"{description} must be refused by twine:\n{output}"
        )
        assert block.file.with_suffix(".out") in shown_outputs(block), (
            f"{description} must be refused, and its page does not show the message"
        )
        return
    addresses = {index["upload"] for index in load("index/addresses")["indexes"].values()}
    listed = configparser.RawConfigParser()
    listed.read(block.file, encoding="utf-8")
    config_by_index = get_config(str(block.file))
    assert set(listed.sections()) - {"distutils"} <= set(config_by_index), (
        f"twine misses a part of {description}"
    )
    for name in config_by_index:
        config = get_repository_from_config(str(block.file), name)
        assert config["repository"] in addresses, f"{description}: {name} has no address of PyPI's"
        if listed.has_section(name):
            assert config["username"] == "__token__", f"{description}: {name} has another user"


def _pipeline(block: Block, readers: GuideReaders, description: str, tmp_path: Path) -> None:
    result = judge(block, readers, tmp_path)
    if block.must_fail:
        assert result.returncode != 0, (
            f"{description} must be refused, but it passed:\n{result.stdout}"
        )
        assert block.file.with_suffix(".out") in shown_outputs(block), (
            f"{description} must be refused, and its page does not show the message"
        )
        return
    assert result.returncode == 0, f"{description} is refused:\n{result.stdout}"
    target = project(tmp_path, ROOT / "demo-package" / ".travis.yml")
    shutil.copy(ROOT / "examples" / "trusted" / "publish.txt", target)
    ran, published = pipelines.run(block, readers, target)
    assert ran.returncode == 0, f"a command of {description} failed:\n{ran.stdout}"
    for index in ("testpypi", "pypi"):
        assert f"{index}  random-names" in published, f"{description} published nothing to {index}"


def _pyproject(block: Block, readers: GuideReaders, description: str, tmp_path: Path) -> None:
    """Prove a pyproject.toml by building the demo package with it, by the back end that it names.

    Without setup.py, and in an environment of its own, for which pip fetches the back end.
    """
    target = project(tmp_path, ROOT / "demo-package" / ".travis.yml")
    (target / "setup.py").unlink()
    shutil.copy(block.file, target / "pyproject.toml")
    reader = readers.reader("judge")
    result = reader.practice(sys.executable, "-m", "build", cwd=target)
    assert result.returncode == 0, f"{description} does not build:\n{result.stdout}"
    files = sorted(target.glob("dist/*"))
    names = [file.name for file in files]
    assert names == ["random_names-0.1.0-py3-none-any.whl", "random_names-0.1.0.tar.gz"], (
        description
    )
    with zipfile.ZipFile(files[0]) as wheel:
        assert "random_names/command.py" in wheel.namelist(), f"{description} leaves the code out"
    check = reader.practice(
        sys.executable, "-m", "twine", "check", "--strict", *map(str, files), cwd=target
    )
    assert check.returncode == 0, f"{description} makes files that PyPI refuses:\n{check.stdout}"


def _demo_package(block: Block, description: str, tmp_path: Path) -> None:
    """Prove a file of the demo package, or one in its place, by building as its reader does."""
    target = project(tmp_path, ROOT / "demo-package" / ".travis.yml")
    shutil.copy(block.file, target / block.file.name)
    if block.file.name == "pyproject.toml":
        tomllib.loads(block.file.read_text(encoding="utf-8"))
        command = [sys.executable, "-m", "build", "--no-isolation", "--wheel"]
    elif block.file.name == "setup.py":
        command = [sys.executable, "setup.py", "sdist", "bdist_wheel"]
    else:
        raise LookupError(f"nothing proves {description}")
    result = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{description} does not build:\n{result.stdout}{result.stderr}"
    assert list(target.glob("dist/*.whl")), f"{description} built no wheel"
