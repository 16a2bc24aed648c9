"""The deploy entries of a job as Travis CI reads them, and their conditions in bash.

Source: lib/travis/build/addons/deploy/script.rb of travis-build.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.loader import as_list, deploys

# The runtimes that ``on`` may require, in the order in which travis-build tests them.
RUNTIMES = (
    "d",
    "dart",
    "elm",
    "elixir",
    "ghc",
    "go",
    "haxe",
    "jdk",
    "julia",
    "mono",
    "node",
    "otp_release",
    "perl",
    "php",
    "python",
    "r",
    "ruby",
    "rust",
    "scala",
    "smalltalk",
)
RUNTIME_KEYS = {"rvm": "ruby", "node_js": "node"}
OPTIONS_OF_TRAVIS = ("allow_failure", "dpl_version")


@dataclass
class DeployEntry:
    """One entry of ``deploy``: the options that the deploy tool gets, and ``on``."""

    provider: str
    options: dict[str, Any]
    on: dict[str, Any]
    allow_failure: bool = False
    old_tool: bool = False  # whether it selects version 1 of the deploy tool
    is_on_replaced: bool = False  # whether ``if`` is used as ``on``
    option_branches: tuple[str, ...] = ()  # branches that are keys of options

    def text(self, name: str) -> str | None:
        """Return an option if it is a string, else None."""
        value = self.options.get(name)
        return value if isinstance(value, str) else None

    @property
    def branches(self) -> list[str]:
        """The branches that ``on`` names."""
        branch = self.on.get("branch")
        return [written(name) for name in (branch if isinstance(branch, dict) else as_list(branch))]

    @property
    def is_on_any_branch(self) -> bool:
        """Whether the branch is not tested."""
        return self.on.get("all_branches") is True or self.on.get("tags") is True

    @property
    def runtimes(self) -> dict[str, Any]:
        """The runtimes that ``on`` requires, each with its version."""
        values = {RUNTIME_KEYS.get(key, key): value for key, value in self.on.items()}
        return {name: values[name] for name in RUNTIMES if values.get(name) is not None}

    @property
    def variables(self) -> list[str]:
        """The names of the variables in the options."""
        text = " ".join(written(value) for value in self.options.values())
        return list(dict.fromkeys(re.findall(r"\$\{?([A-Za-z_]\w*)", text)))

    @property
    def test(self) -> str:
        """The conditional expression of bash, without ``[[`` and ``]]``; may be empty."""
        tests = (
            self._repository_test,
            self._branch_test,
            *self._runtime_tests,
            *self._custom_tests,
            self._tag_test,
        )
        return " && ".join(f"({test})" for test in tests if test)

    @property
    def condition(self) -> str:
        """The command of bash that decides whether to deploy."""
        return f"[[ {self.test} ]]" if self.test else "true"

    def reasons(self, branch: str) -> list[tuple[str, str]]:
        """Return each test with the message that Travis CI prints on *branch* if it fails.

        Several conditions share a message, which is printed only if all of them fail.
        """
        groups = [
            (
                [self._repository_test],
                "this repo's name does not match one specified in .travis.yml's"
                f" deploy.on.repo: {written(self.on.get('repo'))}",
            ),
            ([self._branch_test], f"this branch is not permitted: {branch}"),
            (self._runtime_tests, "this is not on the required runtime"),
            (self._custom_tests, "a custom condition was not met"),
            ([self._tag_test], "this is not a tagged commit"),
        ]
        return [
            (tests[0] if len(tests) == 1 else " || ".join(f"({test})" for test in tests), reason)
            for tests, reason in groups
            if any(tests)
        ]

    @property
    def _repository_test(self) -> str:
        return f'$TRAVIS_REPO_SLUG = "{written(self.on["repo"])}"' if self.on.get("repo") else ""

    @property
    def _branch_test(self) -> str:
        if self.is_on_any_branch:
            return ""
        branches = self.branches
        if not branches and not isinstance(self.on.get("branch"), dict):
            branches = list(self.option_branches) or ["master"]
        return " || ".join(f"$TRAVIS_BRANCH = {name}" for name in branches)

    @property
    def _runtime_tests(self) -> list[str]:
        return [
            f"$TRAVIS_{name.upper()}_VERSION = {shlex.quote(written(version))}"
            for name, version in self.runtimes.items()
        ]

    @property
    def _custom_tests(self) -> list[str]:
        return [written(condition) for condition in as_list(self.on.get("condition"))]

    @property
    def _tag_test(self) -> str:
        if self.on.get("tags") is True:
            return '"$TRAVIS_TAG" != ""'
        return '"$TRAVIS_TAG" = ""' if self.on.get("tags") is False else ""


def read(entry: dict[str, Any]) -> DeployEntry:
    """Return an entry of ``deploy`` as Travis CI reads it."""
    settings = dict(entry)
    # Travis CI uses "if:" of a deploy as "on:", and so as the name of a branch.
    condition, on = settings.pop("if", None), settings.pop("on", None)
    on = condition or on or {}
    # Travis CI reads an option that is a mapping as options by branch.
    option_branches = (
        branch
        for name, option in settings.items()
        if name != "edge" and isinstance(option, dict) and list(option) != ["secure"]
        for branch in option
    )
    return DeployEntry(
        provider=re.sub(r"[^a-z0-9]", "", str(settings.get("provider", "")).lower()),
        options={key: value for key, value in settings.items() if key not in OPTIONS_OF_TRAVIS},
        on=on if isinstance(on, dict) else {"branch": on},
        allow_failure=settings.get("allow_failure") is True,
        old_tool=str(settings.get("dpl_version") or "2").startswith(("0", "1")),
        is_on_replaced=bool(condition),
        option_branches=tuple(dict.fromkeys(option_branches)),
    )


def of_job(settings: dict[str, Any]) -> list[DeployEntry]:
    """Return the deploy entries of a job, or of the file."""
    return [read(entry) for entry in deploys(settings)]
