"""Runs a planned build here: fresh checkouts, clean environments, practice uploads only."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pypi_practice import tokens
from pypi_practice.errors import PracticeError
from pypi_practice.facts import INDEXES
from pypi_practice.store import Store
from pypi_practice.travis import keys, place, script
from pypi_practice.travis.decide import decide, secrets
from pypi_practice.travis.log import OURS, Log, Marks, Watch, seconds
from pypi_practice.travis.plan import Event, Job, Plan, Stage, Variable, assigned
from pypi_practice.travis.repository import Remark, Repository, describe
from pypi_practice.words import Words

# twine breaks this line where the terminal ends.
SKIPPED = re.compile(r"Skipping (\S+\.(?:whl|gz|zip|egg))\b")
ARCHIVE = re.compile(r"(?<![\w.+-])[\w.+-]+\.(?:whl|gz|zip|egg)\b")
TICK = 0.5  # seconds between two looks at a job that says nothing
PATIENCE = 5  # seconds for a job to end that was told to


@dataclass
class Result:
    """What a rehearsal did: whether the build passed, and where its jobs published to."""

    passed: bool = True
    published: list[tuple[str, str]] = field(default_factory=list)
    pythons: dict[str, str] = field(default_factory=dict)  # wanted, and what played its part
    deployed: set[str] = field(default_factory=set)  # by "dpl", by its "steps" or both


@dataclass
class Outcome:
    """What one job did. ``deployed`` are the lines that its deploys left behind."""

    code: int = 0
    python: str = ""
    left_out: bool = False
    times: dict[str, float] = field(default_factory=dict)
    deployed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # archives that its log speaks of
    uploaded: list[tuple[str, str]] = field(default_factory=list)  # index and file


def rehearse(
    repository: Repository,
    plan: Plan,
    event: Event,
    variables: Sequence[Variable],
    environ: Mapping[str, str],
    log: Log,
    words: Words,
    *,
    exact: bool = False,
    findings: Sequence[Remark] = (),
) -> Result:
    """Run *plan* and write the log, which begins with the *findings* of ``travis check``.

    Raises PracticeError outside the practice environment, or when a real token is at hand, so that
    nothing can be published for real.

    With *exact*, a job whose Python is not on this computer is left out; else the nearest plays.
    """
    _guard(plan, variables, environ, words)
    result = Result()
    what = describe(event, words)
    log.say(words("starts", what=what, commit=repository.commit[:7]), "head")
    _notes(repository, plan, words, log.say)
    for one in findings:
        log.say(one.text(words), "bad" if one.level in ("error", "alert") else "note")
    if not plan.runs:
        log.say(words("build_skipped", condition=plan.condition), "note")
        return result
    build = _Build(repository, environ, log, words, result, exact)
    summary: list[tuple[str, str]] = []
    for stage in plan.stages:
        if not stage.runs:
            text = words("stage_skipped", name=stage.name, condition=stage.condition)
        elif not result.passed:
            text = words("stage_canceled", name=stage.name)
        else:
            log.plain()
            log.say(words("stage", name=stage.name), "head")
            summary += [(words("stage", name=stage.name), "head"), *build.stage(stage)]
            continue
        log.plain()
        log.say(text, "note")
        summary.append((text, "note"))
    log.plain()
    differences = list(_differences(plan, event, result, words))
    if differences:
        log.say(words("differs"), "head")
        for line in differences:
            log.say(f"  {line}")
        log.plain()
    log.say(words("summary"), "head")
    for line, style in summary:
        log.say(line, style)
    if not result.published:
        log.say(words("nothing_published"), "note")
    return result


def _guard(
    plan: Plan, variables: Sequence[Variable], environ: Mapping[str, str], words: Words
) -> None:
    """Raise PracticeError unless every way out leads to the practice index."""
    if not environ.get("PYPI_PRACTICE") or any(
        environ.get(name) != environ["PYPI_PRACTICE"] for name in ("HTTPS_PROXY", "https_proxy")
    ):
        raise PracticeError(words("outside"))
    for one in variables:
        if tokens.contains_real(one.value):
            raise PracticeError(words("real_variable", name=one.name))
        if one.name in script.GUARDED:
            raise PracticeError(words("guarded_variable", name=one.name))
    for stage in plan.stages:
        for job in stage.jobs:
            for name, value in assigned(job.env).items():
                if tokens.contains_real(value):
                    raise PracticeError(words("real_variable", name=name))
    if shutil.which("bash") is None:
        raise PracticeError(words("no_bash_here"))


class _Build:
    """Plays the stages of one build."""

    def __init__(
        self,
        repository: Repository,
        environ: Mapping[str, str],
        log: Log,
        words: Words,
        result: Result,
        exact: bool,
    ) -> None:
        self.repository, self.environ, self.log = repository, environ, log
        self.words, self.result, self.exact = words, result, exact
        self.processes: set[subprocess.Popen[bytes]] = set()
        self.stopped = threading.Event()

    def stage(self, stage: Stage) -> Iterator[tuple[str, str]]:
        """Run the jobs of a stage, those that do not deploy at the same time; yield its summary.

        Travis CI runs all of them at the same time. One that deploys has its turn alone, so that
        of several that publish the same file the first one wins, every time.
        """
        lines, passed = [], True
        for batch in self._batches(stage.jobs):
            before = self._stored()
            outcomes = self._together(batch)
            self._attribute(outcomes, sorted(self._stored() - before))
            for job, outcome in zip(batch, outcomes, strict=True):
                passed &= outcome.code == 0 or job.may_fail
                lines += self._summary(job, outcome)
        self.result.passed &= passed
        yield from lines

    def _batches(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        batch: list[Job] = []
        for job in jobs:
            if any(decide(job, one, self.words).runs is not False for one in job.deploys):
                if batch:
                    yield batch
                yield [job]
                batch = []
            else:
                batch.append(job)
        if batch:
            yield batch

    def _together(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Run *jobs* at the same time, as many as there are cores; write their logs in order."""
        queues: list[queue.SimpleQueue[str | None]] = [queue.SimpleQueue() for _ in jobs]
        running: dict[str, tuple[Watch, Marks]] = {}
        pool = ThreadPoolExecutor(max_workers=min(len(jobs), os.cpu_count() or 1))
        try:
            futures = [
                pool.submit(self._queued, job, lines, running)
                for job, lines in zip(jobs, queues, strict=True)
            ]
            for job, lines, future in zip(jobs, queues, futures, strict=True):
                self._write(job, lines, future, running)
                future.result()  # what went wrong in it ends the others now
            return [future.result() for future in futures]
        except BaseException:
            self.stopped.set()
            self._stop(signal.SIGTERM)
            threading.Timer(PATIENCE, self._stop, [getattr(signal, "SIGKILL", None)]).start()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _queued(
        self,
        job: Job,
        lines: queue.SimpleQueue[str | None],
        running: dict[str, tuple[Watch, Marks]],
    ) -> Outcome:
        marks = Marks()
        running[job.number] = Watch(), marks

        def emit(line: str) -> None:
            marks.read(line)
            lines.put(line)

        try:
            outcome = self._job(job, emit)
            outcome.times = marks.times
            return outcome
        finally:
            del running[job.number]
            lines.put(None)

    def _write(
        self,
        job: Job,
        lines: queue.SimpleQueue[str | None],
        future: Future[Outcome],
        running: Mapping[str, tuple[Watch, Marks]],
    ) -> None:
        self.log.plain()
        self.log.say(self.words("job", number=job.number, name=job.name), "head")
        while True:
            try:
                line = lines.get(timeout=TICK)
            except queue.Empty:
                now = [
                    f"{number} {marks.phase} {watch}".replace("  ", " ")
                    for number, (watch, marks) in sorted(running.copy().items())
                ]
                self.log.status(" | ".join(now))
                if future.cancelled():
                    return
                continue
            if line is None:
                return
            self.log.job(job.number, line)

    def _stop(self, number: signal.Signals | None) -> None:
        for process in list(self.processes):
            _end(process, number)

    def _stored(self) -> set[tuple[str, str]]:
        """Return every file of the practice index, with the key of its index."""
        folder = self.environ.get("PYPI_PRACTICE_DATA")
        if not folder or not Path(folder).is_dir():
            return set()
        store = Store(Path(folder), Words(self.words.language))
        try:
            return {
                (index.key, file.filename)
                for index in INDEXES.values()
                for project in store.projects(index)
                for file in store.files(project)
            }
        finally:
            store.close()

    @staticmethod
    def _attribute(outcomes: Sequence[Outcome], new: Sequence[tuple[str, str]]) -> None:
        """Give each new file to the job that uploaded it: the one whose log speaks of it."""
        for key, name in new:
            speaking = [one for one in outcomes if name in one.named]
            (speaking or list(outcomes))[0].uploaded.append((key, name))

    def _job(self, job: Job, emit: Callable[[str], None]) -> Outcome:
        """Run one job; each line of its log goes to *emit*."""
        words = self.words
        python, version = place.find_python(job.python)
        outcome = Outcome(python=version)
        if version != job.python:
            if self.exact:
                emit(OURS + words("job_left_out", wanted=job.python))
                outcome.left_out = True
                return outcome
            emit(OURS + words("other_python", wanted=job.python, found=version))

        def listen(line: str) -> None:
            if match := SKIPPED.search(line):
                outcome.skipped.append(match[1])
            outcome.named.update(ARCHIVE.findall(line))
            emit(line)

        with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as folder:
            root = Path(folder)
            where = place.prepare(
                self.repository, job, root, (python, version), self.environ, words, emit
            )
            file = root / "job.bash"
            file.write_text(script.write(job, str(where.activate), words), encoding="utf-8")
            deployed = root / "deployed"
            inner = place.environment(job, self.environ, where, self.repository.commit)
            inner["REHEARSAL_DEPLOYED"] = str(deployed)
            if not self.stopped.is_set():
                command = ["bash", str(file)]
                outcome.code = stream(
                    command, where.checkout, inner, listen, job.variables, self.processes
                )
            if deployed.exists():
                outcome.deployed = deployed.read_text(encoding="utf-8").splitlines()
        return outcome

    def _summary(self, job: Job, outcome: Outcome) -> Iterator[tuple[str, str]]:
        words, result = self.words, self.result
        title = words("job", number=job.number, name=job.name)
        if outcome.left_out:
            yield f"  {title}: {words('omitted')}", "note"
            return
        said = words("passed" if outcome.code == 0 else "failed")
        if outcome.code and job.may_fail:
            said = words("may_fail")
        other = ""
        if outcome.python != job.python:
            other = f" {words('on_python', found=outcome.python)}"
            result.pythons[job.python] = outcome.python
        style = "good" if outcome.code == 0 else "note" if job.may_fail else "bad"
        yield f"  {title}: {said}{other}", style
        if outcome.times:
            parts = [f"{phase} {seconds(took)}" for phase, took in outcome.times.items()]
            yield f"    {words('times', times=', '.join(parts))}", "dim"
        for record in outcome.deployed:
            number, how, target = record.split("\t")
            result.deployed.add(how)
            if not target:
                continue
            deploy = job.deploys[int(number)]
            used = [one for one in secrets(deploy) if not one.startswith("TRAVIS")]
            seen = [one.name for one in job.variables]
            named = ", ".join(f"${one}" for one in used or seen) or "-"
            host = urlsplit(target).hostname if deploy.provider == "pypi" else ""
            if host and not outcome.uploaded and outcome.skipped:
                yield f"    {words('nothing_new', host=host)}", "note"
                continue
            result.published.append((host or target, named))
            text = words("published", host=host, variable=named)
            yield f"    {text if host else words('ran', command=target)}", "good"
        if outcome.uploaded:
            if not outcome.deployed:
                result.published += [(INDEXES[key].name, "-") for key, _ in outcome.uploaded]
            names = ", ".join(
                f"{name} ({INDEXES[key].name})"
                for name, key in sorted((name, key) for key, name in outcome.uploaded)
            )
            yield f"    {words('uploaded', names=names)}", "good"
        if outcome.skipped:
            names = ", ".join(dict.fromkeys(outcome.skipped))
            yield f"    {words('skipped_files', names=names)}", "note"


def _differences(plan: Plan, event: Event, result: Result, words: Words) -> Iterator[str]:
    """Yield what was not as on Travis CI, for what this file says and no more."""
    jobs = [job for stage in plan.stages if stage.runs for job in stage.jobs]
    images = list(dict.fromkeys(str(job.config["dist"]) for job in jobs if job.config.get("dist")))
    if images:
        yield words("differ_image", names=", ".join(images))
    systems = {job.environ["TRAVIS_OS_NAME"] for job in jobs} - {"linux"}
    if systems:
        yield words("differ_os", names=", ".join(sorted(systems)))
    languages = {job.environ["TRAVIS_LANGUAGE"] for job in jobs} - {"python"}
    if languages:
        yield words("differ_language", names=", ".join(sorted(languages)))
    if plan.pip_cached:
        yield words("differ_pip_cache")
    if event.pull_request:
        yield words("differ_merge")
    for wanted, found in result.pythons.items():
        yield words("differ_python", wanted=wanted, found=found)
    for how in sorted(result.deployed):
        yield words(f"differ_{how}")
    yield from keys.sentences(plan.unplayed, words)


def _notes(repository: Repository, plan: Plan, words: Words, say: Callable[..., None]) -> None:
    if repository.uncommitted:
        say(words("uncommitted", names=", ".join(repository.uncommitted)))
    if repository.missing_branch:
        say(words("head_for_branch", name=repository.missing_branch))
    if plan.unplayed:
        say(words("unknown", keys=", ".join(one.shown for one in plan.unplayed)))


def outline(
    repository: Repository, plan: Plan, event: Event, emit: Callable[[str], None], words: Words
) -> None:
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


def stream(
    command: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    emit: Callable[[str], None],
    secrets: Sequence[Variable],
    processes: set[subprocess.Popen[bytes]] | None = None,
) -> int:
    """Run *command*; emit each line as it comes, secrets masked as Travis CI does.

    It runs in a session of its own, so that nothing in it can ask at the terminal, and all of it
    can be stopped. While it runs it is one of *processes*.
    """
    masked = sorted({one.value for one in secrets if len(one.value) >= 3}, key=len, reverse=True)
    processes = set() if processes is None else processes
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=os.name != "nt",
    ) as process:
        processes.add(process)
        # What a job leaves behind in the background ends with it, as it does on Travis CI.
        threading.Thread(target=lambda: (process.wait(), _end(process)), daemon=True).start()
        try:
            assert process.stdout is not None
            # Only "\\n" ends a line: "\\r" belongs to the marks and to what draws a progress bar.
            log = io.TextIOWrapper(process.stdout, "utf-8", "replace", newline="\n")
            for line in log:
                for secret in masked:
                    line = line.replace(secret, "[secure]")  # noqa: PLW2901 - one line, many secrets
                emit(line.rstrip("\n"))
            return process.wait()
        finally:
            processes.discard(process)


def _end(process: subprocess.Popen[bytes], number: signal.Signals | None = None) -> None:
    """End *process* and all that it started."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.terminate()
        else:
            os.killpg(process.pid, number or signal.SIGKILL)
