"""Runs a planned build here: fresh checkouts, clean environments, practice uploads only."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, INDEXES, is_protected, plain_host
from pypi_practice.core.terminal import indented, one_line
from pypi_practice.index.storage.store import Store
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts, named
from pypi_practice.network.connections import Connection
from pypi_practice.network.parent_proxy import OuterProxy
from pypi_practice.network.proxy import Proxy
from pypi_practice.sandbox.kinds import FOR_JOB, Kind
from pypi_practice.sandbox.start import SandboxError, choose
from pypi_practice.tokens import patterns
from pypi_practice.travis.config import unsupported_keys
from pypi_practice.travis.config.jobs import DECISIVE_PHASES, assigned
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.deploy_decision import decide, secrets
from pypi_practice.travis.plan.dpl import OURS
from pypi_practice.travis.plan.planner import (
    Deploy,
    Event,
    Job,
    Plan,
    Stage,
    Variable,
)
from pypi_practice.travis.plan.secret_variables import visible_variables
from pypi_practice.travis.run import origin, script
from pypi_practice.travis.run import workspace as place
from pypi_practice.travis.run.log import Log, Marks, Watch, clean, seconds
from pypi_practice.travis.run.origin import Push
from pypi_practice.travis.run.process import JobSandbox, Process, stream
from pypi_practice.travis.run.repository import Remark, Repository, describe

# twine breaks this line where the terminal ends.
SKIPPED = re.compile(r"Skipping (\S{1,255})")
WORD = re.compile(r"[\w.+-]+")
ARCHIVES = (".whl", ".gz", ".zip", ".egg")
TICK = 0.5  # seconds between two looks at a job that says nothing
PATIENCE = 20  # seconds for a connection on this computer
STOP = 0.2  # seconds between two requests to jobs to end
HOWS = ("dpl", "steps")  # by the deploy tool itself, or by its steps taken here
SHOWN = 20  # names in one line of the summary
RECORD_LIMIT = 64 * 1024  # bytes of what the deploys of a job write down
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The kinds of sandbox in which a job has loopback addresses of its own.
OWN_LOOPBACK = (Kind.BUBBLEWRAP, Kind.NAMESPACE)


@dataclass
class Result:
    """What a rehearsal did: whether the build passed, and what came of its jobs.

    ``published`` are the index and the name of each file that the practice index holds since;
    ``reached`` the hosts that a job reached because the user allowed it.
    """

    passed: bool = True
    published: list[tuple[str, str]] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    pushed: bool = False
    pythons: dict[str, str] = field(default_factory=dict)  # wanted, and what played its part
    deployed: set[str] = field(default_factory=set)  # by "dpl", by its "steps" or both


@dataclass(frozen=True)
class Deployed:
    """What a job has written down of one of its deploys: nothing that it did is proven by it."""

    how: str  # one of HOWS
    done: bool


@dataclass
class Outcome:
    """What one job did.

    ``connections`` is what its proxy saw, ``uploaded`` what the practice index holds since (index
    and file name), ``pushes`` how its copy of the repository has changed, None if that cannot be
    read any more. ``deploys``, ``skipped`` and ``named`` are what the job says itself.
    """

    code: int = 0
    python: str = ""
    left_out: bool = False
    times: dict[str, float] = field(default_factory=dict)
    deploys: dict[int, Deployed] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # archives that its log speaks of
    uploaded: list[tuple[str, str]] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    pushes: list[Push] | None = field(default_factory=list)


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
    _notes(repository, plan, words, log.say)
    for one in findings:
        log.say(one.text(words), "bad" if one.level in ("error", "alert") else "note")
    if not plan.runs:
        log.say(words("build_skipped", condition=plan.condition), "note")
        return result
    for line in _foreign(plan, words, allowed):
        log.say(line, "note")
    said = Translator(words.language, "commands/sandbox")
    try:
        kind, failures = choose(kinds, place.files(None, None, environ))
    except SandboxError as error:
        raise PracticeError(said("wall_required", reasons=error)) from error
    reasons = "; ".join(f"{name}: {reason}" for name, reason in failures.items()) or "--wall none"
    no_wall = said("no_wall_job", reasons=reasons) if kind is Kind.NONE else ""
    if no_wall:
        if not _reaches_itself():
            raise PracticeError(said("landlock_shell"))
        log.say(no_wall, "bad")
    elif Kind.BUBBLEWRAP in failures:
        log.say(said("files_visible", reason=failures[Kind.BUBBLEWRAP]), "note")
    summary: list[tuple[str, str]] = []
    with contextlib.ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
        prepared = Path(stack.enter_context(made)) / "origin.git"
        origin.copy(repository, prepared, words)
        build = _Build(repository, prepared, environ, log, words, result, exact)
        build.allowed, build.kind = allowed, kind
        summary += _stages(plan, build, result, log, words)
    log.plain()
    differences = list(_differences(plan, event, result, words))
    if differences:
        log.say(words("differs"), "head")
        for line in differences:
            log.say(f"  {line}")
        log.plain()
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
            log.plain()
            log.say(words("stage", name=stage.name), "head")
            summary += [(words("stage", name=stage.name), "head"), *build.stage(stage)]
            continue
        log.plain()
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
    for one in variables:
        if patterns.contains_real(one.value):
            raise PracticeError(words("real_variable", name=clean(one.name)))
        if one.name in script.GUARDED:
            raise PracticeError(words("guarded_variable", name=one.name))
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
            if any(one.outcome == "index" and one.host in HOSTS for one in outcome.connections)
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
        python, version = place.find_python(job.python)
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
            made = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
            root = Path(stack.enter_context(made))
            where = place.prepare(
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
            inner = place.environment(
                job, self.environ, where, self.repository.commit, address, direct
            )
            inner["REHEARSAL_DEPLOYED"] = str(root / "deployed")
            for name, value in inner.items():
                if patterns.contains_real(value):
                    raise PracticeError(self.words("real_variable", name=clean(name)))
            if not self.stopped.is_set():
                command = ["bash", str(file)]
                web = urlsplit(self.environ["PYPI_PRACTICE_WEB"]).port or 0
                files = place.files(where.root, Path(python), self.environ)
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
        variables: dict[str, str] = {}  # by index
        for number, deployed in sorted(outcome.deploys.items()):
            result.deployed.add(deployed.how)
            if deployed.done:
                yield from self._deployed(job, job.deploys[number], outcome, variables)
        for index in INDEXES.values():
            names = sorted(name for key, name in outcome.uploaded if key == index.key)
            if names:
                result.published += [(index.key, name) for name in names]
                text = words("published", names=self._few(names), index=index.name)
                if variable := variables.get(index.key):
                    text = words("published_with", text=text, variable=variable)
                yield f"    {text}", "good"
        if outcome.skipped:
            yield f"    {words('skipped_files', names=self._few(outcome.skipped))}", "note"
        yield from self._pushes(outcome)
        yield from self._connections(outcome)

    def _few(self, names: Sequence[str]) -> str:
        """Return *names* in one line, without those that would make it too long."""
        shown = ", ".join(clean(name)[:255] for name in names[:SHOWN])
        left = len(names) - SHOWN
        return self.words("and_more", names=shown, number=left) if left > 0 else shown

    def _deployed(
        self, job: Job, deploy: Deploy, outcome: Outcome, variables: dict[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Yield what is said of a deploy that ended well; note the variables that it used."""
        if deploy.provider == "script":
            command = " ".join(str(deploy.options.get("script")).split())
            yield f"    {self.words('ran', command=clean(command))}", "good"
            return
        server = str(deploy.options.get("server") or INDEXES["pypi"].upload)
        index = HOSTS.get(plain_host(urlsplit(server).hostname or ""))
        if index is None:
            return
        used = [one for one in secrets(deploy) if not one.startswith("TRAVIS")]
        variables[index.key] = ", ".join(f"${one}" for one in used or visible_variables(job))
        if outcome.skipped and all(key != index.key for key, _ in outcome.uploaded):
            host = urlsplit(index.upload).hostname
            yield f"    {self.words('nothing_new', host=host)}", "note"

    def _pushes(self, outcome: Outcome) -> Iterator[tuple[str, str]]:
        words = self.words
        if outcome.pushes is None:
            yield f"    {words('copy_unreadable')}", "note"
        elif outcome.pushes:
            self.result.pushed = True
            names = [
                words(f"push_{one.change}", name=one.name, kind=words(f"ref_{one.kind}"))
                for one in outcome.pushes
            ]
            yield f"    {words('pushed', names=self._few(names))}", "good"

    def _connections(self, outcome: Outcome) -> Iterator[tuple[str, str]]:
        """Yield what the proxy of a job saw, besides the index and what is installed from."""
        words = self.words
        hosts = Counter(
            (named(one.host, one.port), one.host, one.outcome) for one in outcome.connections
        )
        lines: dict[str, str] = {}
        for shown, host, what in hosts:
            if what == "refused":
                key = "host_protected" if is_protected(host) else "host_refused"
                lines[words(key, host=shown)] = "note"
            elif what == "allowed":
                self.result.reached.add(shown)
                lines[words("host_reached", host=shown)] = "bad"
            elif what == "failed":
                lines[words("host_failed", host=shown)] = "note"
        for text in list(lines)[:SHOWN]:
            yield f"    {text}", lines[text]
        if len(lines) > SHOWN:
            yield f"    {words('more_hosts', number=len(lines) - SHOWN)}", "note"


def read_deploys(file: Path, count: int) -> dict[int, Deployed]:
    """Return what the deploys of a job wrote into *file*, by their numbers below *count*.

    Each line is the number of a deploy, ``dpl`` or ``steps``, and where it published if it is done.
    The job can write anything there: what is none of this is passed over.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(file, flags)
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return {}
            text = stream.read(RECORD_LIMIT).decode("utf-8", "replace")
    except OSError:
        return {}
    found: dict[int, Deployed] = {}
    for line in text.split("\n"):
        number, _, rest = line.partition("\t")
        how, _, target = rest.partition("\t")
        if not re.fullmatch(r"[0-9]{1,4}", number) or int(number) >= count:
            continue
        if how in HOWS:
            done = bool(target) or (int(number) in found and found[int(number)].done)
            found[int(number)] = Deployed(how, done)
    return found


def _differences(plan: Plan, event: Event, result: Result, words: Translator) -> Iterator[str]:
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
    if result.pushed:
        yield words("differ_push")
    yield from unsupported_keys.sentences(plan.unplayed, words)


def _notes(repository: Repository, plan: Plan, words: Translator, say: Callable[..., None]) -> None:
    if repository.uncommitted:
        say(words("uncommitted", names=", ".join(repository.uncommitted)))
    if repository.missing_branch:
        say(words("head_for_branch", name=repository.missing_branch))
    if plan.unplayed:
        say(words("unknown", keys=", ".join(one.shown for one in plan.unplayed)))


def outline(
    repository: Repository,
    plan: Plan,
    event: Event,
    emit: Callable[[str], None],
    words: Translator,
    allowed: AllowedHosts = NO_OTHER_HOSTS,
) -> None:
    """Say what *plan* would run, and run nothing."""

    def say(text: object) -> None:
        emit(one_line(text))

    say(words("plans", what=describe(event, words), commit=repository.commit[:7]))
    _notes(repository, plan, words, say)
    if not plan.runs:
        say(words("build_skipped", condition=plan.condition))
        return
    for stage in plan.stages:
        if not stage.runs:
            say(words("stage_skipped", name=stage.name, condition=stage.condition))
            continue
        say(words("stage", name=stage.name))
        for job in stage.jobs:
            say(
                f"  {words('job', number=job.number, name=job.name)} ({job.environ['TRAVIS_DIST']}"
                f", Python {job.python})"
            )
            names = ", ".join(visible_variables(job))
            say(f"    {words('sees', names=names) if names else words('sees_none')}")
            for phase in DECISIVE_PHASES:
                for command in job.phase(phase):
                    emit(f"    {phase}: {indented(command, '      ')}")
            for deploy in job.deploys:
                answer = decide(job, deploy, words)
                if answer.runs is None:
                    said = answer.reason
                elif answer.runs:
                    said = words("deploy_yes")
                else:
                    said = words("deploy_no", reason=answer.reasons[0])
                say(f"    {deploy.provider} {deploy.condition} {said}")
                if answer.runs is not False:
                    for line in destinations.sentences(job, deploy, words, allowed):
                        say(f"    {line}")
