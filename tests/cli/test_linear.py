"""Nothing that reads text from elsewhere takes more than time linear in it.

Times are compared within one run only: a text with one of twice its size, a hostile log with an
ordinary one.
"""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import os
import pkgutil
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import AnyStr

import hypothesis
import pytest
from helpers.docs.blocks import ROOT
from helpers.hostile.logs import LOGS, ordinary
from hypothesis import strategies

import pypi_practice
from pypi_practice.cli.main import main
from pypi_practice.core.data import load
from pypi_practice.core.terminal import STEERING, visible
from pypi_practice.explain import catalog, matcher
from pypi_practice.fork import placeholder_names
from pypi_practice.tokens import patterns

pytestmark = pytest.mark.long

SIZE = 200_000  # characters of a log
TWICE = 2.5  # times as long for a text of twice the size
ORDINARY = 10  # times as long as an ordinary log of the same size
MEMORY = 300  # MB


def seconds(run: Callable[[], object], runs: int = 3) -> float:
    """Return the shortest of some times of this thread alone that *run* takes."""
    times = []
    for _ in range(runs):
        begin = time.thread_time()
        run()
        times.append(time.thread_time() - begin)
    return min(times)


def explained(text: str) -> list[matcher.Match]:
    """Do what the command does with a log."""
    return matcher.find_in_cleaned(patterns.redact(matcher.clean(text)))


# Logs


@functools.cache
def ordinary_seconds() -> float:
    """Return how long an ordinary log takes."""
    text = ordinary(SIZE)
    return seconds(lambda: explained(text))


@pytest.mark.parametrize("name", LOGS)
def test_a_hostile_log_takes_time_linear_in_its_size(name):
    for attempt in range(5):  # another program may have taken the computer's time
        texts = [LOGS[name](size) for size in (SIZE, 2 * SIZE)]
        short, long = (seconds(functools.partial(explained, text), 2 + attempt) for text in texts)
        if long <= TWICE * short and short <= ORDINARY * ordinary_seconds():
            return
    pytest.fail(f"{short:.3f} s, {long:.3f} s for twice; ordinary {ordinary_seconds():.3f} s")


@pytest.mark.parametrize("name", LOGS)
def test_explaining_a_hostile_log_starts_nothing_and_obeys_nothing(name, tmp_path, capsys):
    file = tmp_path / "job.log"
    text = "HTTPError: 403 Forbidden from a\x1b[31m\x07\u202e\n" + LOGS[name](20_000)
    file.write_text(text, encoding="utf-8", newline="")
    with started() as programs:
        for options in ([], ["--all"], ["--json"]):
            assert main(["explain", str(file), *options]) in (0, 1)
    output = "".join(capsys.readouterr())
    assert STEERING.search(output.replace("\n", "")) is None
    assert "Traceback" not in output
    assert programs == []


_watched: list[list[str]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watched and event in (
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "os.startfile",
        "pty.spawn",
    ):
        _watched[-1].append(f"{event} {arguments}")


sys.addaudithook(_watch)


class started:
    """Collects the programs that Python starts."""

    def __enter__(self) -> list[str]:
        _watched.append([])
        return _watched[-1]

    def __exit__(self, *_: object) -> None:
        _watched.pop()


def test_the_watch_sees_a_program():
    with started() as programs:
        subprocess.run([sys.executable, "-c", ""], check=True)
    assert programs


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="only Unix says how much memory was used")
@pytest.mark.parametrize(
    "name", ["line-feeds", "quoted-mail", "the-same-message", "other-letters", "literals"]
)
def test_a_log_of_any_size_needs_little_memory(name, tmp_path):
    file = tmp_path / "job.log"
    text = LOGS[name](9_000_000) + "\nNo module named build\n"
    file.write_text(text, encoding="utf-8", newline="")
    program = (
        "import resource, sys; from pypi_practice.cli.main import main; main(sys.argv[1:]);"
        " print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    # Through a shell: on Linux a process counts what the one that started it held.
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", program]
    result = subprocess.run(
        [*command, "explain", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
        env={**os.environ, "LANGUAGE": "en"},
    )
    assert "only its last 4 MB were looked at" in result.stderr
    held = int(result.stderr.splitlines()[-1])
    assert held / (1024 if sys.platform == "linux" else 1024**2) < MEMORY


def test_a_command_shows_no_control_character_of_its_arguments(capsys):
    assert main(["explain", "\x1b]0;title\x07\u202ename\udc80.log"]) == 2
    error_output = capsys.readouterr().err
    assert STEERING.search(error_output.replace("\n", "")) is None
    assert r"\x1b]0;title\x07\u202ename\udc80.log" in error_output


@pytest.mark.parametrize("character", "\0\r\x1b\x7f\x80\x9b\u061c\u200e\u2028\u202e\u2069\ud800")
def test_a_control_character_is_made_visible(character):
    assert visible(f"a{character}b\n") == f"a{ascii(character)[1:-1]}b\n"


def test_other_letters_are_shown_as_they_are():
    text = "áñ – «日本» \U0001f600\n"
    assert visible(text) == text


# The catalogue's own patterns


@pytest.mark.parametrize(
    "text",
    [
        "{a:(x+)+} more",
        "{a:.*} more",
        "{a:[^x]+} more",
        "{a} {b:[0-9]} more",
        "more {a} {b!r}",
        "more {a:[0-9]+}0",
        "{a!r}",
        "{a} {b}",
        "more {a} {b!r} more",
    ],
)
def test_a_pattern_that_could_be_slow_cannot_be_written(text):
    with pytest.raises(ValueError, match="a message"):
        catalog.pattern(text)


# Regular expressions


@dataclass(frozen=True)
class Expression:
    """A regular expression of the program, where it stands, and how it is used."""

    where: str
    pattern: re.Pattern[str] | re.Pattern[bytes]
    method: str

    def run(self, text: str) -> object:
        """Use it on a text as the program does."""
        if isinstance(self.pattern.pattern, bytes):
            return self._use(self.pattern, text.encode())
        return self._use(self.pattern, text)

    def _use(self, pattern: re.Pattern[AnyStr], text: AnyStr) -> object:
        if self.method in ("match", "fullmatch"):
            return getattr(pattern, self.method)(text)
        return sum(1 for _ in pattern.finditer(text))


METHODS = ("search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split")
# Where a regular expression is no constant: it is tested below as one of data, is made of literals
# alone, or is the user's own, which travis/conditions.py limits.
DYNAMIC = {
    "cli/parser.py": 1,
    "doctor/checks/demo_package.py": 2,
    "doctor/checks/files.py": 1,
    "doctor/history.py": 2,
    "fork/copy.py": 2,
    "explain/matcher.py": 1,
    "explain/catalog.py": 1,
    "fork/placeholder_names.py": 1,
    "index/upload/platforms.py": 1,
    "tokens/patterns.py": 5,
    "travis/config/build_conditions.py": 1,
    "travis/run/log.py": 1,
    "travis/run/job/script.py": 1,
}


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Return the program's modules, parsed."""
    folder = Path(pypi_practice.__file__).parent
    return {
        file.relative_to(folder).as_posix(): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.py"))
    }


def _calls() -> Iterator[tuple[str, ast.Call, ast.Attribute]]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield name, node, node.func


def _is_re(call: ast.Attribute) -> bool:
    return (
        isinstance(call.value, ast.Name)
        and call.value.id == "re"
        and call.attr in (*METHODS, "compile")
    )


def _methods() -> dict[str, set[str]]:
    """Return how each compiled expression is used, by the name of its variable."""
    used: dict[str, set[str]] = {}
    for _, _, call in _calls():
        if call.attr in METHODS and not _is_re(call):
            owner = call.value
            name = getattr(owner, "id", getattr(owner, "attr", ""))
            used.setdefault(name, set()).add(call.attr)
    return used


def _constants() -> Iterator[Expression]:
    """Yield the expressions that functions of ``re`` are given as constants."""
    for name, node, call in _calls():
        if _is_re(call) and call.attr != "compile" and isinstance(node.args[0], ast.Constant):
            flags = [flag for flag in node.args[2:] if _is_flag(flag)]
            flags += [keyword.value for keyword in node.keywords if keyword.arg == "flags"]
            value = sum(eval(ast.unparse(flag), {"re": re}) for flag in flags)
            text = node.args[0].value
            pattern: re.Pattern[str] | re.Pattern[bytes]
            if isinstance(text, bytes):
                pattern = re.compile(text, value)
            else:
                assert isinstance(text, str)
                pattern = re.compile(text, value)
            yield Expression(f"{name}:{node.lineno}", pattern, call.attr)


def _is_flag(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "re"


def _globals() -> Iterator[Expression]:
    """Yield the compiled expressions that are variables of modules."""
    used = _methods()
    for info in pkgutil.walk_packages(pypi_practice.__path__, "pypi_practice."):
        if info.name.endswith(("__main__", "pypi_practice.doctor.review", "pytest_plugin")):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            for number, item in enumerate(value if isinstance(value, tuple | list) else [value]):
                if isinstance(item, re.Pattern):
                    for method in sorted(used.get(name, {"match" if number else "search"})):
                        yield Expression(f"{info.name}.{name}", item, method)


def _data() -> Iterator[Expression]:
    """Yield the expressions of the data files."""
    for number, (pattern, _) in enumerate(load("messages/matching")["clean"]):
        yield Expression(f"clean {number}", re.compile(pattern, re.MULTILINE), "sub")
    for number, (pattern, _) in enumerate(patterns.SECRETS):
        yield Expression(f"secrets {number}", re.compile(pattern), "sub")
    for key in ("never_committed", "never_packed"):
        yield Expression(key, re.compile(load("commands/doctor")[key]), "search")
    yield Expression("own names", placeholder_names.pattern(), "sub")


@functools.cache
def expressions() -> list[Expression]:
    """Return all, each use once."""
    candidates = [*_constants(), *_globals(), *_data()]
    return list(
        {(expression.pattern, expression.method): expression for expression in candidates}.values()
    )


def test_each_regular_expression_is_looked_at():
    dynamic: dict[str, int] = {}
    for name, node, call in _calls():
        if _is_re(call) and not isinstance(node.args[0], ast.Constant):
            dynamic[name] = dynamic.get(name, 0) + 1
    assert dynamic == DYNAMIC
    assert len(expressions()) > 80


ENDS = ("\n!",)
USUAL = (" ", "a", "A", "0", ".", "-", "_", "/", "'", '"', "@", "\\a", "a=", "()")


def _example(pattern: re.Pattern[str] | re.Pattern[bytes]) -> str:
    """Return a short text that *pattern* matches."""
    settings = hypothesis.settings(
        database=None, derandomize=True, phases=[hypothesis.Phase.generate], max_examples=20
    )
    try:
        example = hypothesis.find(
            strategies.from_regex(pattern), lambda text: len(text) >= 3, settings=settings
        )
    except hypothesis.errors.NoSuchExample:
        example = hypothesis.find(strategies.from_regex(pattern), bool, settings=settings)
    return example.decode("latin-1") if isinstance(example, bytes) else str(example)


def attacks(pattern: re.Pattern[str] | re.Pattern[bytes]) -> Iterator[tuple[str, str, str]]:
    """Yield beginnings, what to repeat after each, and ends.

    Each beginning of a text that fits is followed by what stands there, by its neighbours and by
    usual characters, and is repeated itself.
    """
    example = _example(pattern)[:24]
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    words = [word for word in re.split(r"[\\()\[\]{}|?*+^$]+", source) if word][:6]
    cuts = range(len(example) + 1)
    for cut in cuts:
        near = {
            example[max(0, cut - width) : cut + after]
            for width, after in itertools.product(range(1, 3), range(2))
        }
        yield from (
            (example[:cut], unit, end)
            for unit in sorted({*near, *USUAL, *words} - {""})
            for end in ENDS
        )
        if cut:
            yield from (("", example[:cut], end) for end in ENDS)


def slow(expression: Expression, start: str, unit: str, end: str) -> str | None:
    """Return how the time grows where it grows faster than the text, else None."""
    before, known = 0, 0.0
    for count in (8, 11, 15, 20, 26, 400, max(400, 6000 // len(unit))):
        text = start + unit * count + end
        took = seconds(lambda text=text: expression.run(text), 1)  # type: ignore[misc]
        # Far from certain, so it is measured again with longer texts.
        if count > before and took > 0.002 and took > 5 * known * count / max(before, 1):
            return _confirmed(expression, start, unit, end, before or count)
        before, known = count, took
    return None


def _confirmed(expression: Expression, start: str, unit: str, end: str, count: int) -> str | None:
    """Compare a text with one that is some times as long, until both take long enough."""
    known = seconds(lambda: expression.run(start + unit * count + end), 3)
    while count * len(unit) < 200_000:
        growth = (
            1.2 if count < 100 else 4
        )  # what doubles with each character must not run for hours
        longer = int(count * growth)
        took = seconds(lambda longer=longer: expression.run(start + unit * longer + end), 2)  # type: ignore[misc]
        if known > 0.002 and took > 0.02 and (growth > 2 or took > 2 * growth * known):
            return f"{growth} times: {took / known:.1f}" if took > 2 * growth * known else None
        count, known = longer, took
    return None


@pytest.mark.parametrize(
    "expression", expressions(), ids=lambda expression: f"{expression.where}-{expression.method}"
)
def test_a_regular_expression_takes_time_linear_in_the_text(expression):
    for start, unit, end in attacks(expression.pattern):
        assert slow(expression, start, unit, end) is None, (
            expression.pattern.pattern,
            start,
            unit,
            end,
        )


# What stood in the program once, and others of the same kinds.
SLOW = {
    "blanks before an end": (r"\s+$", "search"),
    "a name before a sign": (r"[\w.+-]+\.(?:whl|gz|zip|egg)\b", "findall"),
    "an option in a word": (r"(?:-p|--password)[ =]\S*(\$\{?\w+\}?)", "search"),
    "two runs of blanks": (r"setup\.py\s+\S*\s*upload\b", "search"),
    "capitals": (r"([A-Z]+)([A-Z][a-z])", "sub"),
    "a mark without end": (r"travis_(fold|time):(start|end):([^\r\n]*?)\r\x1b\[0?K", "findall"),
    "an address in brackets": (r"<([^<>]+@[^<>]+)>", "search"),
    "slashes at the end": (r"^https?://(?:www\.)?|(?:\.git)?/*$", "sub"),
    "an address with an end": (
        r"(?:https?://|git@|ssh://git@)([\w.-]+)[:/]([\w./-]+?)(?:\.git)?/*",
        "fullmatch",
    ),
    "a comment with blanks": (
        r"#\s*pypi-practice:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)\s*(?::\s*(.*?))?\s*$",
        "search",
    ),
    "variables": (
        r"""\s*(?:[^\s=]+=(?:"(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|\\.|[^\s'"`])*\s*)*""",
        "fullmatch",
    ),
    "nested repeats": (r"^(a+)+$", "search"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_regular_expression_is_seen(name):
    pattern, method = SLOW[name]
    expression = Expression(name, re.compile(pattern), method)
    assert any(slow(expression, *attack) for attack in attacks(expression.pattern))
