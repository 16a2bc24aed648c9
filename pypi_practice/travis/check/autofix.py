"""Reads the files of ``travis check``, and writes them again with the edits made."""

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

FREQUENT = 20  # a line that stands there more often is not looked for elsewhere
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def file(path: Path, words: Translator, variables: Sequence[Variable] = ()) -> checker.Report:
    """Check a file, or the ``.travis.yml`` of a folder; raises PracticeError."""
    place = loader.place(path)
    text = loader.text_of(place, words)
    return checker.check(text, str(place), words, place.absolute().parent, variables)


def _difference(old: list[str], new: list[str], name: str) -> Iterator[str]:
    """Yield the lines of a unified difference with one line of context.

    Unlike ``difflib.unified_diff``, it takes no quadratic time for a line that is repeated.
    """
    times = Counter(old)
    matcher = difflib.SequenceMatcher(lambda line: times[line] > FREQUENT, old, new, autojunk=False)
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
    """Return lines *start* to *end*, counted from 0 and without the last, as a hunk names them."""
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
    """Make the safe edits and those of the rules in *also*; return what is left to mend.

    Prints what changes. Comments, layout and the ends of the lines stay as they are; the file is
    replaced at once or not at all.
    """
    place, old = loader.place(path), report.source.text
    folder = place.absolute().parent
    new = checker.mend(report, words, also, folder=folder, variables=variables)
    if new == old:
        return report
    if show:
        print(visible("\n".join(_difference(old.splitlines(), new.splitlines(), str(place)))))
    target = place.resolve()
    try:
        raw = target.read_bytes().decode("utf-8")
        text = new.replace("\n", "\r\n") if "\r\n" in raw else new
        text = MARK + text if raw.startswith(MARK) else text
        _replace(target, text)
    except OSError as error:
        raise PracticeError(words("not_written", name=place, reason=error)) from error
    if show:
        print(visible(words("mended", name=place)))
    return checker.check(new, str(place), words, folder, variables)


def _replace(target: Path, text: str) -> None:
    """Write *text* to a file at once, or leave it as it was and nothing beside it."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".travis-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(temporary, target.stat().st_mode)
        os.replace(temporary, target)
    except BaseException:  # Ctrl-C as well
        os.unlink(temporary)
        raise
