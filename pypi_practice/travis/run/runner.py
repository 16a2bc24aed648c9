"""Runs the stages of a planned build on this computer, and writes its log and summary."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, INDEXES
from pypi_practice.index.storage.store import Store
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts
from pypi_practice.sandbox.kinds import FOR_JOB, Kind
from pypi_practice.sandbox.start import SandboxError, choose, reasons
from pypi_practice.tokens import patterns
from pypi_practice.travis.config.jobs import assigned
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.deploy_decision import decide
from pypi_practice.travis.plan.plan_types import Event, Job, Plan, Stage, Variable
from pypi_practice.travis.run import outline
from pypi_practice.travis.run.job import origin, script, workspace
from pypi_practice.travis.run.job.executor import Executor
from pypi_practice.travis.run.log import Log, Marks, Watch, clean
from pypi_practice.travis.run.repository import Remark, Repository, describe
from pypi_practice.travis.run.results import Outcome, Result
from pypi_practice.travis.run.summary import Summary, differences

STATUS_INTERVAL = 0.5  # seconds without a line after which the status is written anew
LOOPBACK_TIMEOUT = 20  # seconds
TERMINATE_INTERVAL = 0.2  # seconds between two signals to the jobs to end


def rehearse(
    repository: Repository,
    plan: Plan,
    event: Event,
    variables: Sequence[Variable],
    environ: Mapping[str, str],
    log: Log,
    words: Translator,
    *,
    exact: bool = False,
    findings: Sequence[Remark] = (),
    allowed: AllowedHosts = NO_OTHER_HOSTS,
    kinds: Sequence[Kind] = (*FOR_JOB, Kind.NONE),
) -> Result:
    """Run *plan* and write the log, which begins with the *findings* of ``travis check``.

    With *exact*, a job whose Python is not installed is left out; else the nearest version is used.
    The proxy of a job reaches the practice index and the *allowed* hosts. Each job runs in a
    sandbox of the first of *kinds* that this computer offers.

    Raises PracticeError outside the practice environment, if a variable or the file has a real
    token, or if none of *kinds* is offered.
    """
    _guard(plan, variables, environ, words)
    result = Result()
    event_title = describe(event, words)
    log.say(words("starts", what=event_title, commit=repository.commit[:7]), "head")
    outline.notes(repository, plan, words, log.say)
    for finding in findings:
        log.say(finding.text(words), "bad" if finding.level in ("error", "alert") else "note")
    if not plan.runs:
        log.say(words("build_skipped", condition=plan.condition), "note")
        return result
    for line in _foreign(plan, words, allowed):
        log.say(line, "note")
    sandbox_words = Translator(words.language, "commands/sandbox")
    try:
        kind, failures = choose(kinds, workspace.files(None, None, environ))
    except SandboxError as error:
        raise PracticeError(
            sandbox_words("wall_required", reasons=error.says(words.language))
        ) from error
    why_none = reasons(failures, words.language) or "--wall none"
    no_wall = sandbox_words("no_wall_job", reasons=why_none) if kind is Kind.NONE else ""
    if no_wall:
        if not _reaches_itself():
            raise PracticeError(sandbox_words("landlock_shell"))
        log.say(no_wall, "bad")
    elif Kind.BUBBLEWRAP in failures:
        log.say(
            sandbox_words("files_visible", reason=failures[Kind.BUBBLEWRAP].says(words.language)),
            "note",
        )
    summary: list[tuple[str, str]] = []
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
        bare_copy = Path(stack.enter_context(temporary)) / "origin.git"
        origin.copy(repository, bare_copy, words)
        executor = Executor(repository, bare_copy, environ, words, exact, allowed, kind)
        result.wall = kind
        build = _Build(executor, log, result)
        summary += _stages(plan, build, result, log, words)
    log.line()
    lines = list(differences(plan, event, result, words))
    if lines:
        log.say(words("differs"), "head")
        for line in lines:
            log.say(f"  {line}")
        log.line()
    log.say(words("summary"), "head")
    if no_wall:
        log.say(no_wall, "bad")
    for line, style in summary:
        log.say(line, style)
    if not (result.published or result.reached or result.pushed):
        log.say(words("nothing_published"), "note")
    return result


def _reaches_itself() -> bool:
    """Tell whether this process reaches an arbitrary port of its own: not inside Landlock."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            socket.create_connection(server.getsockname(), timeout=LOOPBACK_TIMEOUT).close()
        except PermissionError:
            return False
    return True


def _stages(
    plan: Plan, build: _Build, result: Result, log: Log, words: Translator
) -> list[tuple[str, str]]:
    """Run the stages in order; return the lines of the summary, each with its style."""
    summary: list[tuple[str, str]] = []
    for stage in plan.stages:
        if not stage.runs:
            text = words("stage_skipped", name=stage.name, condition=stage.condition)
        elif not result.passed:
            text = words("stage_canceled", name=stage.name)
        else:
            log.line()
            log.say(words("stage", name=stage.name), "head")
            summary += [(words("stage", name=stage.name), "head"), *build.stage(stage)]
            continue
        log.line()
        log.say(text, "note")
        summary.append((text, "note"))
    return summary


def _guard(
    plan: Plan, variables: Sequence[Variable], environ: Mapping[str, str], words: Translator
) -> None:
    """Raise PracticeError outside the practice environment or if a real token would be used."""
    if not environ.get("PYPI_PRACTICE") or any(
        environ.get(name) != environ["PYPI_PRACTICE"] for name in ("HTTPS_PROXY", "https_proxy")
    ):
        raise PracticeError(words("outside"))
    for variable in variables:
        if patterns.contains_real(variable.value):
            raise PracticeError(words("real_variable", name=clean(variable.name)))
        if variable.name in script.GUARDED:
            raise PracticeError(words("guarded_variable", name=variable.name))
    for stage in plan.stages:
        for job in stage.jobs:
            for line in job.env:
                if patterns.contains_real(line):
                    name = next(
                        (
                            key
                            for key, value in assigned([line]).items()
                            if patterns.contains_real(value)
                        ),
                        line.partition("=")[0],
                    )
                    raise PracticeError(words("real_variable", name=clean(name)))
            values = [*job.environ.values(), *_texts(job.config)]
            if any(patterns.contains_real(value) for value in values):
                raise PracticeError(words("real_in_file"))
    if shutil.which("bash") is None:
        raise PracticeError(words("no_bash_here"))


def _texts(value: Any) -> Iterator[str]:
    """Yield every string in a value of the file, including keys."""
    pending = [value]
    while pending:
        element = pending.pop()
        if isinstance(element, dict):
            pending += [*element.keys(), *element.values()]
        elif isinstance(element, list | tuple):
            pending += element
        elif isinstance(element, str):
            yield element


def _foreign(plan: Plan, words: Translator, allowed: AllowedHosts) -> list[str]:
    """Return a line for each host that a deploy of *plan* names and a rehearsal refuses."""
    lines = [
        line
        for stage in plan.stages
        if stage.runs
        for job in stage.jobs
        for deploy in job.deploys
        if decide(job, deploy, words).runs is not False
        for line in destinations.sentences(job, deploy, words, allowed)
    ]
    return list(dict.fromkeys(lines))


class _Build:
    """Runs the stages of one build."""

    def __init__(self, executor: Executor, log: Log, result: Result) -> None:
        self.executor, self.log, self.result = executor, log, result
        self.words = executor.words
        self.summary = Summary(result, self.words)

    def stage(self, stage: Stage) -> Iterator[tuple[str, str]]:
        """Run the jobs of a stage and yield its summary.

        Travis CI runs all of them at the same time. Here a job that deploys runs alone, so that of
        several jobs that publish the same file always the first one succeeds.
        """
        lines: list[tuple[str, str]] = []
        passed = True
        for batch in self._batches(stage.jobs):
            before = self._stored()
            outcomes = self._run_in_parallel(batch)
            stored = self._stored()
            lines += self._attribute(batch, outcomes, sorted(stored - before))
            names = {name for _, name in stored}
            for outcome in outcomes:
                outcome.skipped = [name for name in dict.fromkeys(outcome.skipped) if name in names]
            for job, outcome in zip(batch, outcomes, strict=True):
                passed &= outcome.code == 0 or job.may_fail
                self.result.jobs.append((job, outcome))
                lines += self.summary.lines(job, outcome)
        self.result.passed &= passed
        yield from lines

    def _batches(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        batch: list[Job] = []
        for job in jobs:
            if any(decide(job, deploy, self.words).runs is not False for deploy in job.deploys):
                if batch:
                    yield batch
                yield [job]
                batch = []
            else:
                batch.append(job)
        if batch:
            yield batch

    def _run_in_parallel(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Run *jobs* at the same time, as many as there are cores; write their logs in order."""
        queues: list[queue.SimpleQueue[str | None]] = [queue.SimpleQueue() for _ in jobs]
        running: dict[str, tuple[Watch, Marks]] = {}
        pool = ThreadPoolExecutor(max_workers=min(len(jobs), os.cpu_count() or 1))
        futures: list[Future[Outcome]] = []
        try:
            futures = [
                pool.submit(self._queued, job, lines, running)
                for job, lines in zip(jobs, queues, strict=True)
            ]
            for job, lines, future in zip(jobs, queues, futures, strict=True):
                self._write(job, lines, future, running)
                future.result()  # an error ends the other jobs too
            return [future.result() for future in futures]
        except BaseException:
            self._stop(futures)
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
            outcome = self.executor.run(job, emit)
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
        running: dict[str, tuple[Watch, Marks]],
    ) -> None:
        self.log.line()
        self.log.say(self.words("job", number=job.number, name=job.name), "head")
        while True:
            try:
                line = lines.get(timeout=STATUS_INTERVAL)
            except queue.Empty:
                running_jobs = [
                    f"{number} {marks.phase} {watch}".replace("  ", " ")
                    for number, (watch, marks) in sorted(running.copy().items())
                ]
                self.log.status(" | ".join(running_jobs))
                if future.cancelled():
                    return
                continue
            if line is None:
                return
            self.log.job(job.number, line)

    def _stop(self, futures: Sequence[Future[Outcome]]) -> None:
        """Terminate the running jobs; a second Ctrl-C kills them."""
        self.executor.stopped.set()
        try:
            for future in futures:
                future.cancel()
            while not all(future.done() for future in futures):
                for process in list(self.executor.processes):
                    process.terminate()
                time.sleep(TERMINATE_INTERVAL)
        finally:
            for process in list(self.executor.processes):
                process.kill()

    def _stored(self) -> set[tuple[str, str]]:
        """Return every file of the practice index, with the key of its index."""
        folder = self.executor.environ.get("PYPI_PRACTICE_DATA")
        if not folder or not Path(folder).is_dir():
            return set()
        store = Store(Path(folder), Translator(self.words.language))
        try:
            return {
                (index.key, file.filename)
                for index in INDEXES.values()
                for project in store.projects(index)
                for file in store.files(project)
            }
        finally:
            store.close()

    def _attribute(
        self, jobs: Sequence[Job], outcomes: Sequence[Outcome], new: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[str, str]]:
        """Assign each new file to the job that uploaded it; yield a line for each uncertain one.

        Candidates are the jobs that connected to the practice index. Of several, it is the only
        one whose log has the name of the file.
        """
        connected = [
            job_index
            for job_index, outcome in enumerate(outcomes)
            if any(
                connection.outcome == "index" and connection.host in HOSTS
                for connection in outcome.connections
            )
        ]
        for key, name in new:
            candidates = [job_index for job_index in connected if name in outcomes[job_index].named]
            candidates = candidates if len(candidates) == 1 else connected
            if len(candidates) == 1:
                outcomes[candidates[0]].uploaded.append((key, name))
                continue
            self.result.published.append((key, name))
            numbers = ", ".join(
                jobs[job_index].number for job_index in candidates or range(len(jobs))
            )
            text = self.words("uploaded_by_one", name=name, index=INDEXES[key].name, jobs=numbers)
            yield f"  {text}", "good"
