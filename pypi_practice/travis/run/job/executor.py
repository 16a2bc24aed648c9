"""Runs one job: in a workspace and a sandbox of its own, with a proxy that records its requests."""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.network.allowed_hosts import AllowedHosts
from pypi_practice.network.parent_proxy import OuterProxy
from pypi_practice.network.proxy import Proxy
from pypi_practice.sandbox.kinds import Kind
from pypi_practice.tokens import patterns
from pypi_practice.travis.plan.dpl import OURS
from pypi_practice.travis.plan.plan_types import Job
from pypi_practice.travis.run.job import origin, script, workspace
from pypi_practice.travis.run.job.process import JobSandbox, Process, stream
from pypi_practice.travis.run.log import clean
from pypi_practice.travis.run.repository import Repository
from pypi_practice.travis.run.results import Outcome, read_deploys

# twine wraps this line at the width of the terminal.
SKIPPED = re.compile(r"Skipping (\S{1,255})")
WORD = re.compile(r"[\w.+-]+")
ARCHIVES = (".whl", ".gz", ".zip", ".egg")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The kinds of sandbox in which a job has loopback addresses of its own.
OWN_LOOPBACK = (Kind.BUBBLEWRAP, Kind.NAMESPACE)


@dataclass
class Executor:
    """Runs the jobs of one build; ``run`` may be called in several threads.

    *bare_copy* is a bare copy of *repository*, *environ* the practice environment. With *exact*, a
    job whose Python is not installed is left out; else the nearest version is used. After
    ``stopped`` is set, no further job starts; those that run are ``processes``.
    """

    repository: Repository
    bare_copy: Path
    environ: Mapping[str, str]
    words: Translator
    exact: bool
    allowed: AllowedHosts
    kind: Kind
    processes: set[Process] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.refs = origin.refs(self.bare_copy) or {}

    def run(self, job: Job, emit: Callable[[str], None]) -> Outcome:
        """Run one job; each line of its log goes to *emit*."""
        python, version = workspace.find_python(job.python)
        outcome = Outcome(python=version)
        if version != job.python:
            if self.exact:
                emit(OURS + self.words("job_left_out", wanted=job.python))
                outcome.left_out = True
                return outcome
            emit(OURS + self.words("other_python", wanted=job.python, found=version))

        def read_line(line: str) -> None:
            if (match := SKIPPED.search(line)) and match[1].endswith(ARCHIVES):
                outcome.skipped.append(match[1])
            line_words = (word.rstrip(".") for word in WORD.findall(line))
            outcome.named.update(word for word in line_words if word.endswith(ARCHIVES))
            emit(line)

        with contextlib.ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
            root = Path(stack.enter_context(temporary))
            folders = workspace.prepare(
                self.repository,
                job,
                root,
                (python, version),
                self.environ,
                self.words,
                emit,
                self.bare_copy,
            )
            file = root / "job.bash"
            text = script.write(job, str(folders.activate), self.words)
            file.write_text(text, encoding="utf-8", errors="replace")
            proxy = self._proxy()
            stack.callback(proxy.stop)
            address = f"http://127.0.0.1:{proxy.port}"
            has_own_loopback = self.kind in OWN_LOOPBACK
            direct = [host for host in LOOPBACK if has_own_loopback and host not in self.allowed]
            environ = workspace.environment(
                job, self.environ, folders, self.repository.commit, address, direct
            )
            environ["REHEARSAL_DEPLOYED"] = str(root / "deployed")
            for name, value in environ.items():
                if patterns.contains_real(value):
                    raise PracticeError(self.words("real_variable", name=clean(name)))
            if not self.stopped.is_set():
                web = urlsplit(self.environ["PYPI_PRACTICE_WEB"]).port or 0
                files = workspace.files(folders.root, Path(python), self.environ)
                try:
                    outcome.code = stream(
                        ["bash", str(file)],
                        folders.checkout,
                        environ,
                        read_line,
                        job.variables,
                        self.processes,
                        sandbox=JobSandbox(self.kind, [proxy.port, web], files),
                    )
                except OSError as error:  # for example a variable that is too long for execve
                    emit(f"bash: {error.strerror or error}")
                    outcome.code = 1
            outcome.connections = proxy.connections
            outcome.deploys = read_deploys(root / "deployed", len(job.deploys))
            refs = origin.refs(folders.origin)
            outcome.pushes = None
            if refs is not None:
                outcome.pushes = origin.pushes(folders.origin, self.refs, refs)
        return outcome

    def _proxy(self) -> Proxy:
        """Return the proxy of one job, which records the connections of the job.

        It forwards to the proxy of the practice shell. Allowed services of this computer are
        reached directly.
        """
        practice = urlsplit(self.environ["PYPI_PRACTICE"])
        outer = OuterProxy(practice, practice, without=",".join(LOOPBACK))
        return Proxy(0, None, Translator(self.words.language), outer=outer, allowed=self.allowed)
