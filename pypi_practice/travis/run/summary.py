"""The summary of a rehearsal: the results of its jobs, and the differences to Travis CI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, INDEXES, is_protected, plain_host
from pypi_practice.network.allowed_hosts import option_value
from pypi_practice.travis.config import unsupported_keys
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.plan_types import Event, Job, Plan
from pypi_practice.travis.plan.secret_variables import visible_variables
from pypi_practice.travis.run.log import clean, seconds
from pypi_practice.travis.run.results import Outcome, Result

SHOWN = 20  # names in one line of the summary


class Summary:
    """Writes the summary of jobs, and adds their effects to *result*."""

    def __init__(self, result: Result, words: Translator) -> None:
        self.result, self.words = result, words

    def lines(self, job: Job, outcome: Outcome) -> Iterator[tuple[str, str]]:
        """Yield the lines of a job, each with its style; add its effects to the result."""
        words, result = self.words, self.result
        title = words("job", number=job.number, name=job.name)
        if outcome.left_out:
            yield f"  {title}: {words('omitted')}", "note"
            return
        status = words("passed" if outcome.code == 0 else "failed")
        if outcome.code and job.may_fail:
            status = words("may_fail")
        python_note = ""
        if outcome.python != job.python:
            python_note = f" {words('on_python', found=outcome.python)}"
            result.pythons[job.python] = outcome.python
        style = "good" if outcome.code == 0 else "note" if job.may_fail else "bad"
        yield f"  {title}: {status}{python_note}", style
        if outcome.times:
            parts = [f"{phase} {seconds(took)}" for phase, took in outcome.times.items()]
            yield f"    {words('times', times=', '.join(parts))}", "dim"
        variables: dict[str, str] = {}  # by index
        for number, deployed in sorted(outcome.deploys.items()):
            result.deployed.add(deployed.method)
            if deployed.is_done:
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
        """Return the first names in one line, and the number of the others."""
        joined = ", ".join(clean(name)[:255] for name in names[:SHOWN])
        omitted = len(names) - SHOWN
        return self.words("and_more", names=joined, number=omitted) if omitted > 0 else joined

    def _deployed(
        self, job: Job, deploy: DeployEntry, outcome: Outcome, variables: dict[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Yield the lines of a successful deploy; add its variables to *variables*."""
        if deploy.provider == "script":
            command = " ".join(str(deploy.options.get("script")).split())
            yield f"    {self.words('ran', command=clean(command))}", "good"
            return
        server = str(deploy.options.get("server") or INDEXES["pypi"].upload)
        index = HOSTS.get(plain_host(urlsplit(server).hostname or ""))
        if index is None:
            return
        used = [name for name in deploy.variables if not name.startswith("TRAVIS")]
        variables[index.key] = ", ".join(f"${name}" for name in used or visible_variables(job))
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
                words(f"push_{push.change}", name=push.name, kind=words(f"ref_{push.kind}"))
                for push in outcome.pushes
            ]
            yield f"    {words('pushed', names=self._few(names))}", "good"

    def _connections(self, outcome: Outcome) -> Iterator[tuple[str, str]]:
        """Yield the hosts that a job requested, except those of the index."""
        words = self.words
        hosts = Counter(
            (option_value(connection.host, connection.port), connection.host, connection.outcome)
            for connection in outcome.connections
        )
        lines: dict[str, str] = {}
        for host_option, host, outcome_kind in hosts:
            if outcome_kind == "refused":
                key = "host_protected" if is_protected(host) else "host_refused"
                lines[words(key, host=host_option)] = "note"
            elif outcome_kind == "allowed":
                self.result.reached.add(host_option)
                lines[words("host_reached", host=host_option)] = "bad"
            elif outcome_kind == "failed":
                lines[words("host_failed", host=host_option)] = "note"
        for text in list(lines)[:SHOWN]:
            yield f"    {text}", lines[text]
        if len(lines) > SHOWN:
            yield f"    {words('more_hosts', number=len(lines) - SHOWN)}", "note"


def differences(plan: Plan, event: Event, result: Result, words: Translator) -> Iterator[str]:
    """Yield the differences to Travis CI that concern this file."""
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
    for requested, used in result.pythons.items():
        yield words("differ_python", wanted=requested, found=used)
    for how in sorted(result.deployed):
        yield words(f"differ_{how}")
    deploys = [(job, deploy) for job in jobs for deploy in job.deploys]
    if result.deployed and not all(destinations.foreign_targets(*deploy) for deploy in deploys):
        yield words("differ_index")
    if result.pushed:
        yield words("differ_push")
    yield from unsupported_keys.sentences(plan.unplayed, words)
