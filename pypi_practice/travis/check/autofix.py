"""Reads the files of ``travis check``, and writes them with the edits applied."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.terminal import visible
from pypi_practice.travis.check import checker
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan.plan_types import Variable

FREQUENT = 20  # a line with more occurrences is ignored when differences are matched
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def file(path: Path, words: Translator, variables: Sequence[Variable] = ()) -> checker.Report:
    """Check a file, or the ``.travis.yml`` of a folder; raises PracticeError."""
    config_path = loader.config_file(path)
    text = loader.text_of(config_path, words)
    return checker.check(text, str(config_path), words, config_path.absolute().parent, variables)


def _difference(old: list[str], new: list[str], name: str) -> Iterator[str]:
    """Yield the lines of a unified difference with one line of context.

    Unlike ``difflib.unified_diff``, its time is not quadratic in the repetitions of a line.
    """
    counts = Counter(old)
    matcher = difflib.SequenceMatcher(
        lambda line: counts[line] > FREQUENT, old, new, autojunk=False
    )
    yield from (f"--- {name}", f"+++ {name}")
    for group in matcher.get_grouped_opcodes(1):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@"
        for tag, begin, end, new_begin, new_stop in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[begin:end])
            else:
                yield from (f"-{line}" for line in old[begin:end])
                yield from (f"+{line}" for line in new[new_begin:new_stop])


def _range(start: int, end: int) -> str:
    """Return the range of a hunk for the lines from *start*, counted from 0, up to before *end*."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"


def fix(
    path: Path,
    report: checker.Report,
    words: Translator,
    also: Collection[str],
    variables: Sequence[Variable] = (),
    *,
    show: bool = True,
) -> checker.Report:
    """Apply the safe edits and those of the rules in *also*; return the remaining findings.

    Prints the difference if *show*. Comments, layout and line ends are kept. The file is replaced
    atomically. Raises PracticeError if it cannot be written.
    """
    config_path, old = loader.config_file(path), report.source.text
    folder = config_path.absolute().parent
    new = checker.mend(report, words, also, folder=folder, variables=variables)
    if new == old:
        return report
    if show:
        print(visible("\n".join(_difference(old.splitlines(), new.splitlines(), str(config_path)))))
    target = config_path.resolve()
    try:
        raw = target.read_bytes().decode("utf-8")
        text = new.replace("\n", "\r\n") if "\r\n" in raw else new
        text = MARK + text if raw.startswith(MARK) else text
        _replace(target, text)
    except OSError as error:
        raise PracticeError(words("not_written", name=config_path, reason=error)) from error
    if show:
        print(visible(words("mended", name=config_path)))
    return checker.check(new, str(config_path), words, folder, variables)


def _replace(target: Path, text: str) -> None:
    """Replace the content of a file atomically; after an error, no temporary file is left."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".travis-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(temporary, target.stat().st_mode)
        os.replace(temporary, target)
    except BaseException:  # Ctrl-C as well
        os.unlink(temporary)
        raise
