"""Runs a planned build here: fresh checkouts, clean environments, practice uploads only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pypi_practice.errors import PracticeError
from pypi_practice.shell import PRACTICE_VARIABLES
from pypi_practice.travis import script
from pypi_practice.travis.config import as_list
from pypi_practice.travis.plan import Event, Job, Plan, Variable
from pypi_practice.words import Words

Emit = Callable[[str], None]
# What a program needs of the computer that it runs on.
KEPT = ("PATH", "LANG", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL", "SYSTEMROOT", "TEMP")


@dataclass
class Repository:
    """The learner's repository, the commit to build, and what is not committed."""

    path: Path
    commit: str
    uncommitted: list[str]
    missing_branch: str | None = None


@dataclass
class Result:
    """What a rehearsal did: whether the build passed, and where its jobs published to."""

    passed: bool = True
    published: list[tuple[str, str]] = field(default_factory=list)


def git(path: Path, *arguments: str) -> str | None:
    """Return what a git command prints, or None if it fails."""
    done = subprocess.run(
        ["git", "-C", str(path), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def find(path: Path, branch: str | None, tag: str | None, words: Words) -> tuple[Repository, str]:
    """Return the repository at *path* and the branch to build; raises PracticeError."""
    # A folder inside a repository is none: it has no .travis.yml of its own to Travis CI.
    top = path.is_dir() and git(path, "rev-parse", "--show-cdup") == ""
    head = git(path, "rev-parse", "--verify", "--quiet", "HEAD") if top else None
    if head is None:
        raise PracticeError(words("not_git", path=path))
    branch = branch or git(path, "rev-parse", "--abbrev-ref", "HEAD") or "main"
    kind, name = ("tags", tag) if tag else ("heads", branch)
    commit = git(path, "rev-parse", "--verify", "--quiet", f"refs/{kind}/{name}^{{commit}}")
    if commit is None and tag:
        raise PracticeError(words("no_tag", name=name, path=path))
    missing = None if commit else branch
    status = (git(path, "status", "--porcelain", "--untracked-files=no") or "").splitlines()
    return Repository(path, commit or head, [line[3:] for line in status], missing), branch


def describe(event: Event, words: Words) -> str:
    """Return the event in words."""
    if event.tag:
        return words("push_tag", name=event.tag)
    return words("pull_request" if event.pull_request else "push_branch", name=event.branch)


def rehearse(
    repository: Repository,
    plan: Plan,
    event: Event,
    variables: Sequence[Variable],
    environ: Mapping[str, str],
    emit: Emit,
    words: Words,
) -> Result:
    """Run *plan*; each line of the log goes to *emit*. Raises PracticeError outside the practice
    environment, so that nothing can be published for real."""
    if not environ.get("PYPI_PRACTICE") or any(
        environ.get(name) != environ["PYPI_PRACTICE"] for name in ("HTTPS_PROXY", "https_proxy")
    ):
        raise PracticeError(words("outside"))
    result = Result()

    def say(text: str) -> None:
        emit(script.OURS + text)

    what = describe(event, words)
    say(words("starts", what=what, commit=repository.commit[:7]))
    _notes(repository, plan, words, say)
    summary: list[str] = []
    if not plan.runs:
        say(words("build_skipped", condition=plan.condition))
        return result
    for stage in plan.stages:
        if not stage.runs:
            text = words("stage_skipped", name=stage.name, condition=stage.condition)
        elif not result.passed:
            text = words("stage_canceled", name=stage.name)
        else:
            emit("")
            say(words("stage", name=stage.name))
            summary.append(words("stage", name=stage.name))
            passed = True
            for job in stage.jobs:
                good, lines = _job(repository, job, variables, environ, emit, words, result)
                passed &= good
                summary += lines
            result.passed &= passed
            continue
        say(text)
        summary.append(text)
    emit("")
    say(words("summary"))
    for line in summary:
        say(line)
    if not result.published:
        say(words("nothing_published"))
    return result


def _notes(repository: Repository, plan: Plan, words: Words, say: Emit) -> None:
    if repository.uncommitted:
        say(words("uncommitted", names=", ".join(repository.uncommitted)))
    if repository.missing_branch:
        say(words("head_for_branch", name=repository.missing_branch))
    if plan.unknown:
        say(words("unknown", keys=", ".join(plan.unknown)))


def outline(repository: Repository, plan: Plan, event: Event, emit: Emit, words: Words) -> None:
    """Say what *plan* would run, and run nothing."""
    emit(words("plans", what=describe(event, words), commit=repository.commit[:7]))
    _notes(repository, plan, words, emit)
    if not plan.runs:
        emit(words("build_skipped", condition=plan.condition))
        return
    for stage in plan.stages:
        if not stage.runs:
            emit(words("stage_skipped", name=stage.name, condition=stage.condition))
            continue
        emit(words("stage", name=stage.name))
        for job in stage.jobs:
            emit(f"  {words('job', number=job.number, name=job.name)} ({job.environ['TRAVIS_DIST']}"
                 f", Python {job.python})")  # fmt: skip
            names = ", ".join(variable.name for variable in job.variables)
            emit(f"    {words('sees', names=names) if names else words('sees_none')}")
            for phase in ("before_install", "install", "before_script", "script"):
                for command in job.phase(phase):
                    emit(f"    {phase}: {command}")
            for deploy in job.deploys:
                reason = _refusal(job, deploy.reasons)
                answer = words("deploy_no", reason=reason) if reason else words("deploy_yes")
                emit(f"    {deploy.provider} {deploy.condition} {answer}")


def _refusal(job: Job, reasons: Sequence[tuple[str, str]]) -> str | None:
    """Return Travis CI's reason for not deploying, as bash decides it, or None."""
    if job.environ["TRAVIS_PULL_REQUEST"] != "false":
        return "the current build is a pull request."
    for test, reason in reasons:
        done = subprocess.run(
            ["bash", "-c", 'eval "$1"', "bash", f"[[ {test} ]]"],
            env={"PATH": os.defpath, **job.environ},
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            return reason
    return None


def _job(
    repository: Repository,
    job: Job,
    variables: Sequence[Variable],
    environ: Mapping[str, str],
    emit: Emit,
    words: Words,
    result: Result,
) -> tuple[bool, list[str]]:
    """Run one job; return whether it passed, and its lines of the summary."""
    title = words("job", number=job.number, name=job.name)
    emit("")
    emit(f"{script.OURS}{title}")
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        place = Path(folder)
        checkout, home = place / repository.path.resolve().name, place / "home"
        home.mkdir()
        clone = ["clone", "--quiet", "--config", "advice.detachedHead=false"]
        clone += ["--no-checkout", str(repository.path.resolve()), str(checkout)]
        for command in (clone, ["-C", str(checkout), "checkout", "--quiet", repository.commit]):
            subprocess.run(["git", *command], check=True, capture_output=True)
        python, version = find_python(job.python)
        if version != job.python:
            emit(script.OURS + words("other_python", wanted=job.python, found=version))
        environment = home / "virtualenv" / f"python{job.python}"
        subprocess.run([python, "-m", "venv", str(environment)], check=True, capture_output=True)
        bin_name = "Scripts" if os.name == "nt" else "bin"
        file = place / "job.bash"
        file.write_text(
            script.write(job, str(environment / bin_name / "activate"), words), encoding="utf-8"
        )
        deployed = place / "deployed"
        inner = _environment(job, environ, home, repository.commit)
        inner["REHEARSAL_DEPLOYED"] = str(deployed)
        code = _stream(["bash", str(file)], checkout, inner, emit, job.variables)
        where = deployed.read_text(encoding="utf-8").splitlines() if deployed.exists() else []
    lines = [f"  {title}: {words('passed' if code == 0 else 'failed')}"]
    named = ", ".join(f"${one.name}" for one in job.variables) or "-"
    for deployed_by in where:
        host = urlsplit(deployed_by).hostname
        result.published.append((host or deployed_by, named))
        text = words("published", host=host, variable=named)
        lines.append(f"    {text if host else words('ran', command=deployed_by)}")
    return code == 0, lines


def _environment(job: Job, environ: Mapping[str, str], home: Path, commit: str) -> dict[str, str]:
    """Return the job's environment: how to reach the practice index, and Travis CI's variables.

    Nothing else of the learner's own: a token that is set here and not on Travis CI would hide
    the mistake.
    """
    inner = {
        name: value
        for name, value in environ.items()
        if name in KEPT or name.startswith("LC_") or name in PRACTICE_VARIABLES
    }
    own = environ.get("VIRTUAL_ENV")
    if own:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        kept = [one for one in folders if Path(one).parent != Path(own)]
        inner["PATH"] = os.pathsep.join(kept)
    cached = "pip" in [str(one) for one in as_list(job.config.get("cache"))]
    cache = environ.get("PIP_CACHE_DIR") or str(Path(environ.get("HOME", "~"), ".cache", "pip"))
    inner |= {"HOME": str(home), "TRAVIS_HOME": str(home), "TRAVIS_COMMIT": commit}
    inner["PIP_CACHE_DIR"] = cache if cached else str(home / ".cache" / "pip")
    return inner | job.environ | {one.name: one.value for one in job.variables}


def _stream(
    command: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    emit: Emit,
    secrets: Sequence[Variable],
) -> int:
    """Run *command*; emit each line as it comes, secrets masked as Travis CI does."""
    masked = sorted({one.value for one in secrets if len(one.value) >= 3}, key=len, reverse=True)
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            for secret in masked:
                line = line.replace(secret, "[secure]")  # noqa: PLW2901 - one line, many secrets
            emit(line.rstrip("\n"))
        return process.wait()


def find_python(wanted: str) -> tuple[str, str]:
    """Return the path of Python *wanted* (``3.12``) and ``3.12``; else of the one that runs us."""
    candidates = [f"python{wanted}"]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    if pyenv.is_dir():
        candidates += [str(one / "bin" / "python") for one in sorted(pyenv.glob(f"{wanted}.*"))]
    for candidate in candidates:
        found = shutil.which(candidate)
        if found and _version(found) == wanted:
            return found, wanted
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return getattr(sys, "_base_executable", sys.executable), own


def _version(python: str) -> str | None:
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
