"""What decides the condition of a deploy without a shell says the same as bash, or does not say."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config.regular_expressions import Budget
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.bash_conditional import evaluation, parser
from pypi_practice.travis.plan.bash_conditional.words import NotBash, Scope, Undecided
from pypi_practice.travis.plan.commit_tree import JobFiles, Tree
from pypi_practice.travis.plan.deploy_decision import decide
from pypi_practice.travis.plan.plan_types import Event, Variable
from pypi_practice.travis.run import repository

EN = Translator("en", "travis/messages")
VALUES = {"A": "main", "B": "v1.2.3", "C": "", "D": "a b", "E": "12", "G": "a*", "H": "^v[0-9]+"}
WORDS = [
    "main",
    "v1",
    "$A",
    "${B}",
    '"$A"',
    "'x y'",
    "$C",
    '""',
    "12",
    "7",
    "-3",
    "+3",
    "0",
    "a*",
    "*",
    "?",
    "[a-m]*",
    "[!a]*",
    "$G",
    '"$G"',
    "$H",
    "^v",
    "'^v'",
    "^v[0-9]+\\.[0-9]+",
    "(a|b)",
    "^(main|v.*)$",
    "a\\ b",
    "$D",
    '"$D"',
    "${B#v}",
    "${B##x}",
    "${B%3}",
    "${A:0:2}",
    "${A:1}",
    "${#A}",
    "${NO-x}",
    "${NO:-y}",
    "${C:-z}",
    "${C-z}",
    "${A:+z}",
    "${NO+z}",
    "$NO",
    "$",
    "a=b",
    "=",
    "==",
    "-z",
    "-eq",
    "!",
    "]",
    "[",
    "]]",
    "{a,b}",
    "a'b'\"c\"",
    "\\$A",
    '"\\$A"',
    '"\\a"',
    "[[:digit:]]*",
    "[[:alpha:]]+$",
    "x?",
    "v+",
    "a{2}",
    "a{1",
    "[a",
    "(",
    ")",
    "08",
    "3.1",
    "#x",
    "a#b",
    "in",
    "if",
    "[a-]",
    "[]a]*",
    "[^]]",
    '"[a-z]"*',
    "$A$B",
    "${A}x",
    "m(ai)n",
    "'",
    '"',
    "\\*",
    "[\\]]",
    "1.2.3",
    "a|b",
    "a.c$",
    "^$",
    "^^a",
    "a$b",
    "é",
    "[é]",
    "main*",
    "$'a'",
    "~",
    "$(true)",
    "`true`",
    "$((1+1))",
    "${A/a/b}",
    "${!A}",
    "$1",
    "@(main|x)",
    "!(x)",
    "a b",
]
OPERATORS = [
    "=",
    "==",
    "!=",
    "=~",
    "=~",
    "<",
    ">",
    "-eq",
    "-ne",
    "-lt",
    "-le",
    "-gt",
    "-ge",
    "-ef",
    "-a",
    "<=",
    "&",
    "|",
    ";",
    "<<",
]
SPACE = st.sampled_from([" "] * 12 + ["", "  ", "\n"])
WORD = st.sampled_from(WORDS)
TERM = st.one_of(
    WORD,
    st.builds("{} {}".format, st.sampled_from(["-n", "-z", "-v", "-o", "-j"]), WORD),
    st.builds(
        lambda left, space, sign, right: f"{left}{space}{sign}{space}{right}",
        WORD,
        SPACE,
        st.sampled_from(OPERATORS),
        WORD,
    ),
)
CONDITION = st.recursive(
    TERM,
    lambda inner: st.one_of(
        st.builds("({}{})".format, inner, st.sampled_from(["", " ", "\n"])),
        st.builds("{}{}".format, st.sampled_from(["! ", "!"]), inner),
        st.builds(
            lambda left, space, sign, right: f"{left}{space}{sign}{space}{right}",
            inner,
            SPACE,
            st.sampled_from(["&&", "||"]),
            inner,
        ),
    ),
    max_leaves=6,
)
COMMON = st.builds(
    lambda left, sign, right: f"{left} {sign} {right}",
    st.sampled_from(["$A", '"$A"', "${B}", "$C", "main", "$NO"]),
    st.sampled_from(["=", "==", "!=", "=~"]),
    st.sampled_from(["main", "ma*", "[a-m]*", "^v[0-9]+", "'x'", '""', "v?.*"]),
)


class NoFiles:
    """Knows no file."""

    def test(self, operator: str, path: str) -> bool:
        """Say that only the build can tell."""
        raise Undecided("unknown_file", path)


def ours(condition: str) -> int | None:
    """Return what bash would return: 0, 1 or 2; None if that is not decided."""
    try:
        parsed = parser.parse(condition)
    except NotBash:
        return 2
    except Undecided:
        return None
    holds = evaluation.evaluate(parsed, Scope(VALUES.get, NoFiles(), Budget())).holds
    return None if holds is None else int(not holds)


def bash(conditions: list[str]) -> list[int]:
    """Return what bash returns for each condition."""
    lines = (
        f"(eval {shlex.quote(f'[[ {condition} ]]')}) > /dev/null 2>&1; echo $?"
        for condition in conditions
    )
    environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", **VALUES}
    result = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        env=environ,
        cwd=os.sep,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [int(line) for line in result.stdout.split()]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to compare with")
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(CONDITION, min_size=20, max_size=40))
def test_bash_says_the_same_of_what_is_decided(conditions):
    answers = [ours(condition) for condition in conditions]
    expected = bash(conditions)
    assert len(expected) == len(conditions)
    for condition, answer, theirs in zip(conditions, answers, expected, strict=True):
        # Where an undecided part is a mistake to bash, it returns 2, which does not hold either.
        assert answer in (None, theirs) or (answer, theirs) == (1, 2), condition


@settings(max_examples=200, deadline=None)
@given(st.lists(COMMON, min_size=1, max_size=4), st.sampled_from([" && ", " || "]))
def test_what_is_common_is_decided(conditions, sign):
    assert ours(sign.join(f"({condition})" for condition in conditions)) in (0, 1)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$A = main", 0),
        ("$A == ma*", 0),
        ("$A = 'ma*'", 1),
        ("$B =~ ^v[0-9]+(\\.[0-9]+)*$", 0),
        ("${B#v} = 1.2.3 && ! -z $A", 0),
        ("$E -ge 12 && ($C || $A)", 0),
        ("a = b = c", 2),
        ("$A IS present", 2),
        ('"$A', 2),
        ("$A = main # why", 2),
        ("(a", 2),
        ("", 2),
        ("a; b", 2),
        # Only the build can tell, and it does not matter where the rest decides.
        ("$(touch x) = b", None),
        ("$(touch x) = b && a = b", 1),
        ("$(touch x) = b || a = a", 0),
        ("`touch x`", None),
        ("a ]]; touch x; [[ b", None),
        ("a[$(touch x)] -eq 1", None),
        ("$A -eq 1", None),
        ("-f setup.py", None),
        ("-v A[$(touch x)]", None),
        ("<(touch x) = y", None),
        ("${A@P} = x", None),
        ("$'\\x61' = a", None),
        ("a < B", None),
    ],
)
def test_conditions(condition, expected):
    assert ours(condition) is expected or ours(condition) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda n: " && ".join(["$A = main"] * n),
        lambda n: "$A = " + "*a" * n + "*b",
        lambda n: "(" * n,
        lambda n: "! " * n,
        lambda n: "a" * n + " =~ ^(a+)+b$",
        lambda n: '"' + "a" * n,
        lambda n: "$A" * n,
    ],
)
def test_the_work_grows_with_the_condition(make, monkeypatch):
    def steps(condition: str) -> int:
        budget = Budget(10**9)
        try:
            parsed = parser.parse(condition)
            evaluation.evaluate(parsed, Scope(VALUES.get, NoFiles(), budget))
        except (NotBash, Undecided):
            pass
        return 10**9 - budget.remaining

    assert steps(make(400)) <= 2.5 * max(steps(make(200)), 100)


# Files of the commit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with files of every kind."""
    path = tmp_path_factory.mktemp("files")
    (path / "docs").mkdir()
    (path / "docs" / "a b.md").write_text("text")
    (path / "empty").touch()
    (path / "run.sh").write_text("#!/bin/sh\n")
    (path / "run.sh").chmod(0o755)
    (path / "link").symlink_to("/etc")
    (path / "[x]").write_text("text")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "a"]):
        config = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *config, *command], cwd=path, check=True)
    (path / "later").write_text("not in the commit")
    return path


@pytest.mark.skipif(os.name == "nt", reason="needs the modes and links of a POSIX file system")
def tree_of(folder: Path) -> Tree:
    """Return the files of the commit of a repository."""
    repo, _ = repository.find(folder, None, None, Translator("en"))
    return repository.tree(repo)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("-f run.sh", True),
        ("-e run.sh", True),
        ("-x run.sh", True),
        ("-d run.sh", False),
        ("-s run.sh", True),
        ("-r run.sh", True),
        ("-f ./docs//'a b.md'", True),
        ("-x docs/'a b.md'", False),
        ("-d docs", True),
        ("-d docs/", True),
        ("-f docs", False),
        ("-d .", True),
        ("-e ''", False),
        ("-f empty", True),
        ("-s empty", False),
        ("-L link", True),
        ("-h run.sh", False),
        ("-f run.sh/", False),
        ("-f '[x]'", True),
        ("-a run.sh", True),
        ("-f missing", False),
        ("-f 'doc*'", False),
        ("-f later", False),
        ("-e link", None),
        ("-e link/passwd", None),
        ("-e /etc/passwd", None),
        ("-e ../files0", None),
        ("-e docs/../run.sh", None),
        ("-e ~", None),
        ("-N run.sh", None),
        ("-e :(glob)x", None),
        ("run.sh -nt empty", None),
    ],
)
def test_files_are_those_of_the_commit(test, expected, folder):
    tree = tree_of(folder)
    try:
        parsed = parser.parse(test)
    except (NotBash, Undecided):
        parsed = None
    if parsed is None:
        assert expected is None
        return
    verdict = evaluation.evaluate(parsed, Scope(VALUES.get, JobFiles(tree, False), Budget()))
    assert verdict.holds is expected


def test_a_job_may_make_files(folder):
    files = JobFiles(tree_of(folder), True)
    assert files.test("f", "run.sh")
    with pytest.raises(Undecided):
        files.test("f", "missing")


# Variables


def reason(
    condition: str, *variables: Variable, **config: object
) -> tuple[bool | None, str | None]:
    """Return what is decided of one deploy with this condition."""
    on = {"all_branches": True, "condition": condition}
    settings = {
        "language": "python",
        "script": "skip",
        **config,
        "deploy": {"provider": "script", "script": "a", "on": on},
    }
    (stage,) = planner.make(settings, Event("main"), variables, 1, EN).stages
    answer = decide(stage.jobs[0], stage.jobs[0].deploys[0], EN)
    return answer.runs, answer.reason


def test_where_only_the_build_can_tell_the_reason_is_said():
    def unknown(code: str, text: str = "") -> tuple[None, str]:
        return None, EN(code, text=text)

    assert reason("$HOME = x") == unknown("unknown_variable", "$HOME")
    assert reason("$TRAVIS_COMMIT = x") == unknown("unknown_variable", "$TRAVIS_COMMIT")
    assert reason("-f setup.py", script="make") == unknown("unknown_file", "setup.py")
    assert reason("$CI =~ (a)\\1{x") == unknown("unknown_pattern", "(a)\\1{x")
    assert reason("1.5 -eq 1") == unknown("unknown_number", "1.5")
    assert reason("a < B") == unknown("unknown_order", "a B")
    assert reason("$((1 + 1)) -eq 2") == unknown("unknown_expression", "$((1 + 1))")
    assert reason("$(date) = x") == unknown("starts_command")
    assert reason(" || ".join(["$CI = a"] * 90_000)) == unknown("unknown_long")


def test_what_a_variable_is_follows_from_the_file():
    assert reason("$A = b", env=["A=b"]) == (True, None)
    assert reason("$A$B = 'x yx y'", env=["A='x y' B=$A"]) == (True, None)
    assert reason("$A = b", Variable("A", "b")) == (True, None)
    assert reason("-z $TRAVIS_RUBY_VERSION") == (True, None)
    for condition, config in (
        ("$A = b", {"env": ["A=$(date)"]}),
        ("$A = b", {"env": ["A=c; A=b"]}),
        ("$A = b", {"env": ["A=c"], "script": "export A=b"}),
        ("$A = b", {"script": "source settings.sh; echo $A"}),
        ("$A = b", {"env": [{"secure": "abc"}]}),
        ("$A = b", {"env": ["A=~"]}),
    ):
        assert reason(condition, **config) == (None, EN("unknown_variable", text="$A")), config
    assert reason("$A = b", Variable("A", "")) == (None, EN("unknown_variable", text="$A"))
