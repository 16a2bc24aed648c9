"""Runs a planned build here: fresh checkouts, clean environments, practice uploads only."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, INDEXES
from pypi_practice.index.storage.store import Store
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts
from pypi_practice.network.parent_proxy import OuterProxy
from pypi_practice.network.proxy import Proxy
from pypi_practice.sandbox.kinds import FOR_JOB, Kind
from pypi_practice.sandbox.start import SandboxError, choose
from pypi_practice.tokens import patterns
from pypi_practice.travis.config.jobs import assigned
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.deploy_decision import decide
from pypi_practice.travis.plan.dpl import OURS
from pypi_practice.travis.plan.plan_types import Event, Job, Plan, Stage, Variable
from pypi_practice.travis.run import origin, outline, script, workspace
from pypi_practice.travis.run.log import Log, Marks, Watch, clean
from pypi_practice.travis.run.process import JobSandbox, Process, stream
from pypi_practice.travis.run.repository import Remark, Repository, describe
from pypi_practice.travis.run.results import Outcome, Result, read_deploys
from pypi_practice.travis.run.summary import Summary, differences

# twine breaks this line where the terminal ends.
SKIPPED = re.compile(r"Skipping (\S{1,255})")
WORD = re.compile(r"[\w.+-]+")
ARCHIVES = (".whl", ".gz", ".zip", ".egg")
TICK = 0.5  # seconds between two looks at a job that says nothing
PATIENCE = 20  # seconds for a connection on this computer
STOP = 0.2  # seconds between two requests to jobs to end
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The kinds of sandbox in which a job has loopback addresses of its own.
OWN_LOOPBACK = (Kind.BUBBLEWRAP, Kind.NAMESPACE)


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

    Raises PracticeError outside the practice environment, or when a real token is at hand.

    With *exact*, a job whose Python is not on this computer is left out; else the nearest plays.
    The proxy of a job reaches the practice index and the *allowed* hosts. Each job runs in a
    sandbox of the first of *kinds* that this computer offers; PracticeError if it has none of them.
    """
    _guard(plan, variables, environ, words)
    result = Result()
    what = describe(event, words)
    log.say(words("starts", what=what, commit=repository.commit[:7]), "head")
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
        raise PracticeError(sandbox_words("wall_required", reasons=error)) from error
    reasons = "; ".join(f"{name}: {reason}" for name, reason in failures.items()) or "--wall none"
    no_wall = sandbox_words("no_wall_job", reasons=reasons) if kind is Kind.NONE else ""
    if no_wall:
        if not _reaches_itself():
            raise PracticeError(sandbox_words("landlock_shell"))
        log.say(no_wall, "bad")
    elif Kind.BUBBLEWRAP in failures:
        log.say(sandbox_words("files_visible", reason=failures[Kind.BUBBLEWRAP]), "note")
    summary: list[tuple[str, str]] = []
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
        prepared = Path(stack.enter_context(temporary)) / "origin.git"
        origin.copy(repository, prepared, words)
        build = _Build(repository, prepared, environ, log, words, result, exact)
        build.allowed, build.kind, result.wall = allowed, kind, kind
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
    """Tell whether a program started here reaches a port of ours: not in a sandbox of Landlock."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            socket.create_connection(server.getsockname(), timeout=PATIENCE).close()
        except PermissionError:
            return False
    return True


def _stages(
    plan: Plan, build: _Build, result: Result, log: Log, words: Translator
) -> list[tuple[str, str]]:
    """Run the stages in order; return their lines of the summary, each with its style."""
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
    """Raise PracticeError unless every way out leads to the practice index."""
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
    """Yield every text in a value of the file, keys included."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            pending += item
        elif isinstance(item, str):
            yield item


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
    """Plays the stages of one build."""

    allowed = NO_OTHER_HOSTS
    kind = Kind.NONE

    def __init__(
        self,
        repository: Repository,
        prepared: Path,
        environ: Mapping[str, str],
        log: Log,
        words: Translator,
        result: Result,
        exact: bool,
    ) -> None:
        self.repository, self.environ, self.log = repository, environ, log
        self.words, self.result, self.exact = words, result, exact
        self.summary = Summary(result, words)
        self.prepared = prepared
        self.refs = origin.refs(prepared) or {}
        self.processes: set[Process] = set()
        self.stopped = threading.Event()

    def stage(self, stage: Stage) -> Iterator[tuple[str, str]]:
        """Run the jobs of a stage, those that do not deploy at the same time; yield its summary.

        Travis CI runs all of them at the same time. One that deploys has its turn alone, so that
        of several that publish the same file the first one wins, every time.
        """
        lines: list[tuple[str, str]] = []
        passed = True
        for batch in self._batches(stage.jobs):
            before = self._stored()
            outcomes = self._together(batch)
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

    def _together(self, jobs: Sequence[Job]) -> list[Outcome]:
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
                future.result()  # what went wrong in it ends the others now
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
        running: dict[str, tuple[Watch, Marks]],
    ) -> None:
        self.log.line()
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

    def _stop(self, futures: Sequence[Future[Outcome]]) -> None:
        """End the jobs that run; a second Ctrl-C kills them."""
        self.stopped.set()
        try:
            for future in futures:
                future.cancel()
            while not all(future.done() for future in futures):
                for process in list(self.processes):
                    process.terminate()
                time.sleep(STOP)
        finally:
            for process in list(self.processes):
                process.kill()

    def _stored(self) -> set[tuple[str, str]]:
        """Return every file of the practice index, with the key of its index."""
        folder = self.environ.get("PYPI_PRACTICE_DATA")
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
        """Give each new file to the job that uploaded it; yield a line for what several may have.

        It is one that reached the practice index. Of several it is the one whose log names the
        file, if that is one.
        """
        able = [
            place
            for place, outcome in enumerate(outcomes)
            if any(
                connection.outcome == "index" and connection.host in HOSTS
                for connection in outcome.connections
            )
        ]
        for key, name in new:
            candidates = [place for place in able if name in outcomes[place].named]
            candidates = candidates if len(candidates) == 1 else able
            if len(candidates) == 1:
                outcomes[candidates[0]].uploaded.append((key, name))
                continue
            self.result.published.append((key, name))
            numbers = ", ".join(jobs[place].number for place in candidates or range(len(jobs)))
            text = self.words("uploaded_by_one", name=name, index=INDEXES[key].name, jobs=numbers)
            yield f"  {text}", "good"

    def _job(self, job: Job, emit: Callable[[str], None]) -> Outcome:
        """Run one job; each line of its log goes to *emit*."""
        words = self.words
        python, version = workspace.find_python(job.python)
        outcome = Outcome(python=version)
        if version != job.python:
            if self.exact:
                emit(OURS + words("job_left_out", wanted=job.python))
                outcome.left_out = True
                return outcome
            emit(OURS + words("other_python", wanted=job.python, found=version))

        def listen(line: str) -> None:
            if (match := SKIPPED.search(line)) and match[1].endswith(ARCHIVES):
                outcome.skipped.append(match[1])
            words = (word.rstrip(".") for word in WORD.findall(line))
            outcome.named.update(word for word in words if word.endswith(ARCHIVES))
            emit(line)

        with contextlib.ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
            root = Path(stack.enter_context(temporary))
            where = workspace.prepare(
                self.repository,
                job,
                root,
                (python, version),
                self.environ,
                self.words,
                emit,
                self.prepared,
            )
            file = root / "job.bash"
            text = script.write(job, str(where.activate), self.words)
            file.write_text(text, encoding="utf-8", errors="replace")
            proxy = self._proxy()
            stack.callback(proxy.stop)
            address = f"http://127.0.0.1:{proxy.port}"
            own = self.kind in OWN_LOOPBACK
            direct = [host for host in LOOPBACK if own and host not in self.allowed]
            inner = workspace.environment(
                job, self.environ, where, self.repository.commit, address, direct
            )
            inner["REHEARSAL_DEPLOYED"] = str(root / "deployed")
            for name, value in inner.items():
                if patterns.contains_real(value):
                    raise PracticeError(self.words("real_variable", name=clean(name)))
            if not self.stopped.is_set():
                command = ["bash", str(file)]
                web = urlsplit(self.environ["PYPI_PRACTICE_WEB"]).port or 0
                files = workspace.files(where.root, Path(python), self.environ)
                sandbox = JobSandbox(self.kind, [proxy.port, web], files)
                try:
                    outcome.code = stream(
                        command,
                        where.checkout,
                        inner,
                        listen,
                        job.variables,
                        self.processes,
                        sandbox=sandbox,
                    )
                except OSError as error:  # a variable that is too long for a command, for one
                    emit(f"bash: {error.strerror or error}")
                    outcome.code = 1
            outcome.connections = proxy.connections
            outcome.deploys = read_deploys(root / "deployed", len(job.deploys))
            after = origin.refs(where.origin)
            outcome.pushes = None
            if after is not None:
                outcome.pushes = origin.pushes(where.origin, self.refs, after)
        return outcome

    def _proxy(self) -> Proxy:
        """Return the proxy of one job, which notes what the job asks for.

        What it lets pass goes to the proxy of the practice shell; a service of this computer that
        is allowed is reached directly.
        """
        practice = urlsplit(self.environ["PYPI_PRACTICE"])
        outer = OuterProxy(practice, practice, without=",".join(LOOPBACK))
        words = Translator(self.words.language)
        return Proxy(0, None, words, outer=outer, allowed=self.allowed)
