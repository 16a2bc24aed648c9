"""The checks for tokens and files with secrets in the repository and its history."""

from __future__ import annotations

from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES
from pypi_practice.doctor.checks.check import Check, CheckResult, failed, passed, some, without_git
from pypi_practice.doctor.history import History, Secret
from pypi_practice.doctor.project import Project


class SecretTokens(Check):
    def find(self, project: Project) -> CheckResult:
        history = project.history if project.is_git else None
        if history and history.tokens:
            return failed("found", places=_places(history.tokens))
        loose, unread = project.loose_tokens
        if loose:
            return failed("loose", places=some(loose))
        if history and history.unread:
            return failed("unread", reasons=_reasons(history))
        if unread:
            return failed("unread_files", names=some(unread))
        return passed() if history else without_git(project)


class SecretFiles(Check):
    def find(self, project: Project) -> CheckResult:
        if not project.is_git:
            return without_git(project)
        history = project.history
        if history.files:
            return failed("found", places=_places(history.files))
        # A damaged or large file does not matter: only the names are searched.
        if history.unread.keys() & NAMES_UNREAD:
            return failed("unread", reasons=_reasons(history))
        return passed()


# Reasons of History.unread for which names of files are not known.
NAMES_UNREAD = {"shallow", "partial", "missing", "walk", "slow", "git"}


def _reasons(history: History) -> dict[str, str]:
    """Return which parts of the history could not be read, as a sentence by language."""
    sentences = load("commands/doctor")["unread"]
    return {
        language: "; ".join(
            sentences[key][language].format(**values) for key, values in history.unread.items()
        )
        for language in LANGUAGES
    }


def _places(secrets: list[Secret]) -> str:
    return some([f"{secret.path or '-'} ({secret.commit})" for secret in secrets])
