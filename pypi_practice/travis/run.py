"""Runs a planned build here: fresh checkouts, clean environments, practice uploads only."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pypi_practice.errors import PracticeError
from pypi_practice.facts import INDEXES
from pypi_practice.shell import PRACTICE_VARIABLES
from pypi_practice.store import Store
from pypi_practice.travis import script
from pypi_practice.travis.config import as_list
from pypi_practice.travis.decide import decide, secrets
from pypi_practice.travis.plan import Event, Job, Plan, Variable
from pypi_practice.travis.repository import Repository, describe, find, git
from pypi_practice.words import Words

__all__ = ["Repository", "Result", "describe", "find", "git", "outline", "rehearse"]
Emit = Callable[[str], None]
# What a program needs of the computer that it runs on.
# twine breaks this line where the terminal ends.
SKIPPED = re.compile(r"Skipping (\S+\.(?:whl|gz|zip|egg))\b")
KEPT = ("PATH", "LANG", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL", "SYSTEMROOT", "TEMP")


@dataclass
class Result:
    """What a rehearsal did: whether the build passed, and where its jobs published to."""

    passed: bool = True
    published: list[tuple[str, str]] = field(default_factory=list)
    pythons: dict[str, str] = field(default_factory=dict)  # wanted, and what played its part
    deployed: bool = False


def rehearse(
    repository: Repository,
    plan: Plan,
    event: Event,
    variables: Sequence[Variable],
    environ: Mapping[str, str],
    emit: Emit,
    words: Words,
    *,
    exact: bool = False,
) -> Result:
    """Run *plan*; each line of the log goes to *emit*. Raises PracticeError outside the practice
    environment, so that nothing can be published for real.

    With *exact*, a job whose Python is not on this computer is left out; else the nearest plays.
    """
    if not environ.get("PYPI_PRACTICE") or any(
        environ.get(name) != environ["PYPI_PRACTICE"] for name in ("HTTPS_PROXY", "https_proxy")
    ):
        raise PracticeError(words("outside"))
    if shutil.which("bash") is None:
        raise PracticeError(words("no_bash_here"))
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
                good, lines = _job(repository, job, environ, emit, words, result, exact)
                passed &= good
                summary += lines
            result.passed &= passed
            continue
        say(text)
        summary.append(text)
    emit("")
    differences = list(_differences(plan, result, words))
    if differences:
        say(words("differs"))
        for line in differences:
            say(f"  {line}")
        emit("")
    say(words("summary"))
    for line in summary:
        say(line)
    if not result.published:
        say(words("nothing_published"))
    return result


def _differences(plan: Plan, result: Result, words: Words) -> Iterator[str]:
    """Yield what was not as on Travis CI, for what this file says and no more."""
    jobs = [job for stage in plan.stages if stage.runs for job in stage.jobs]
    images = list(dict.fromkeys(str(job.config["dist"]) for job in jobs if job.config.get("dist")))
    if images:
        yield words("differ_image", names=", ".join(images))
    systems = {job.environ["TRAVIS_OS_NAME"] for job in jobs} - {"linux"}
    if systems:
        yield words("differ_os", names=", ".join(sorted(systems)))
    languages = {str(job.config.get("language") or "ruby") for job in jobs} - {"python"}
    if languages:
        yield words("differ_language", names=", ".join(sorted(languages)))
    if plan.cached:
        yield words("differ_cache")
    for wanted, found in result.pythons.items():
        yield words("differ_python", wanted=wanted, found=found)
    if result.deployed:
        yield words("differ_dpl")
    if plan.unknown:
        yield words("differ_keys", keys=", ".join(plan.unknown))


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
                answer = decide(job, deploy, words)
                if answer.runs is None:
                    said = answer.reason
                elif answer.runs:
                    said = words("deploy_yes")
                else:
                    said = words("deploy_no", reason=answer.reasons[0])
                emit(f"    {deploy.provider} {deploy.condition} {said}")


def _prepared(
    repository: Repository, job: Job, place: Path, python: str, version: str, words: Words
) -> tuple[Path, Path, Path]:
    """Return a fresh checkout, a home folder, and the script that activates its environment."""
    checkout, home = place / repository.path.resolve().name, place / "home"
    home.mkdir()
    clone = ["clone", "--quiet", "--config", "advice.detachedHead=false"]
    clone += ["--no-checkout", str(repository.path.resolve()), str(checkout)]
    try:
        for command in (clone, ["-C", str(checkout), "checkout", "--quiet", repository.commit]):
            subprocess.run(["git", *command], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PracticeError(words("no_checkout", reason=_reason(error))) from error
    environment = home / "virtualenv" / f"python{job.python}"
    try:
        subprocess.run([python, "-m", "venv", str(environment)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sentence = words("no_venv", version=version, reason=_reason(error))
        raise PracticeError(sentence) from error
    bin_name = "Scripts" if os.name == "nt" else "bin"
    return checkout, home, environment / bin_name / "activate"


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or b"").decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else str(error.returncode)
    return str(error)


def _stored(environ: Mapping[str, str], words: Words) -> set[tuple[str, str]]:
    """Return every file of the practice index, with the key of its index."""
    folder = environ.get("PYPI_PRACTICE_DATA")
    if not folder or not Path(folder).is_dir():
        return set()
    store = Store(Path(folder), Words(words.language))
    try:
        return {
            (index.key, file.filename)
            for index in INDEXES.values()
            for project in store.projects(index)
            for file in store.files(project)
        }
    finally:
        store.close()


def _job(
    repository: Repository,
    job: Job,
    environ: Mapping[str, str],
    emit: Emit,
    words: Words,
    result: Result,
    exact: bool,
) -> tuple[bool, list[str]]:
    """Run one job; return whether it passed, and its lines of the summary."""
    title = words("job", number=job.number, name=job.name)
    emit("")
    emit(f"{script.OURS}{title}")
    python, version = find_python(job.python)
    other = ""
    if version != job.python:
        if exact:
            emit(script.OURS + words("job_left_out", wanted=job.python))
            return True, [f"  {title}: {words('omitted')}"]
        emit(script.OURS + words("other_python", wanted=job.python, found=version))
        result.pythons[job.python] = version
        other = f" {words('on_python', found=version)}"
    skipped: list[str] = []

    def listen(line: str) -> None:
        if match := SKIPPED.search(line):
            skipped.append(match[1])
        emit(line)

    before = _stored(environ, words)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        place = Path(folder)
        checkout, home, activate = _prepared(repository, job, place, python, version, words)
        file = place / "job.bash"
        file.write_text(script.write(job, str(activate), words), encoding="utf-8")
        deployed = place / "deployed"
        inner = _environment(job, environ, home, repository.commit)
        inner["REHEARSAL_DEPLOYED"] = str(deployed)
        code = _stream(["bash", str(file)], checkout, inner, listen, job.variables)
        where = deployed.read_text(encoding="utf-8").splitlines() if deployed.exists() else []
    new = {name: index for index, name in sorted(_stored(environ, words) - before)}
    lines = [f"  {title}: {words('passed' if code == 0 else 'failed')}{other}"]
    for record in where:
        number, _, deployed_by = record.partition("\t")
        result.deployed = True
        used = [one for one in secrets(job.deploys[int(number)]) if not one.startswith("TRAVIS")]
        seen = [one.name for one in job.variables]
        named = ", ".join(f"${one}" for one in used or seen) or "-"
        host = urlsplit(deployed_by).hostname if job.deploys[int(number)].provider == "pypi" else ""
        if host and not new and skipped:
            lines.append(f"    {words('nothing_new', host=host)}")
            continue
        result.published.append((host or deployed_by, named))
        text = words("published", host=host, variable=named)
        lines.append(f"    {text if host else words('ran', command=deployed_by)}")
    if new:
        result.published += [] if where else [(INDEXES[index].name, "-") for index in new.values()]
        names = ", ".join(f"{name} ({INDEXES[index].name})" for name, index in new.items())
        lines.append(f"    {words('uploaded', names=names)}")
    if skipped:
        names = ", ".join(dict.fromkeys(skipped))
        lines.append(f"    {words('skipped_files', names=names)}")
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
    """Return the path of Python *wanted* (``3.12``) and ``3.12``; else of the nearest one here."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")

    def candidates(version: str) -> list[str]:
        found = [shutil.which(f"python{version}")]
        if pyenv.is_dir():
            places = sorted(pyenv.glob(f"{version}.*"), reverse=True)
            found += [shutil.which(str(one / "bin" / "python")) for one in places]
        return [one for one in found if one]

    for candidate in candidates(wanted):
        if _version(candidate) == wanted:
            return candidate, wanted
    own = sys.version_info.minor
    found = re.match(r"3\.(\d+)", wanted)
    target = int(found[1]) if found else own
    # The one that runs us wins among those that are as near, then the newer one.
    order = sorted(range(8, 17), key=lambda one: (abs(one - target), one != own, -one))
    for one in order:
        if one == own:
            return getattr(sys, "_base_executable", sys.executable), f"3.{own}"
        for candidate in candidates(f"3.{one}"):
            if _version(candidate) == f"3.{one}":
                return candidate, f"3.{one}"
    return getattr(sys, "_base_executable", sys.executable), f"3.{own}"


@functools.cache
def _version(python: str) -> str | None:
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
