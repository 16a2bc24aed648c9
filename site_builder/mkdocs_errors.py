"""Turns what MkDocs says when it stops into ``docs/en/page.md:12: sentence``."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.utils.meta import YAML_RE

from site_builder.site_data import ROOT

# MkDocs names the page and the target of a link, and not the line.
LINK = re.compile(
    r"WARNING -\s+(Doc file '(?P<page>[^']+)' contains .*?link '(?P<target>[^']+)'.*)"
)
# mkdocs-macros names the page, and the line of the text below the front matter.
MACRO = re.compile(
    r"# _Macro [\w ]+ Error_\s+_File_: `(?P<page>[^`]+)`\s+"
    r"_(?:Line (?P<syntax>\d+) in Markdown file|\w+):_\**\s*(?P<text>[^\n]*)|"
    r"# _Macro Rendering Error_\s+_File_: `(?P<rendered>[^`]+)`\s+_\w+_: (?P<why>[^\n]*)"
)
TEMPLATE_LINE = re.compile(r'File "<template>", line (\d+)')
OTHER = re.compile(r"(?:WARNING|ERROR|CRITICAL) -\s+(.*(?:\n {2,}- .*)*)|^Error: .*", re.M)
# What PyYAML says, with the place where it noticed: in a data file or in mkdocs.yml.
YAML = re.compile(
    r'^(?:[\w.]+Error: )?(?P<text>\S[^\n]*)\n +in "(?P<file>[^"\n]+)", line (?P<line>\d+)', re.M
)
SETTING = re.compile(r"Config value '(?P<key>\w+)'")
FRAME = re.compile(r'^ +File "(?P<file>[^"\n]+)", line (?P<line>\d+)', re.M)


def readable(output: str, docs: str) -> str:
    """Return the complaints in *output*, the print of a build of the pages in *docs*."""
    if yaml_errors := [*YAML.finditer(output)]:
        error = yaml_errors[-1]
        return f"{_relative(error['file'])}:{error['line']}: {error['text']}"
    complaints: list[str] = []
    if macro := MACRO.search(output):
        page = macro["page"] or macro["rendered"]
        lines = TEMPLATE_LINE.findall(output)
        number = int(macro["syntax"] or (lines[-1] if lines else 1))
        complaints.append(
            f"{docs}/{page}:{number + _front(docs, page)}: {macro['text'] or macro['why']}"
        )
    for complaint in OTHER.finditer(output):
        link = LINK.match(complaint[0])
        if link:
            place = f"{docs}/{link['page']}:{_line(docs, link['page'], link['target'])}"
            complaints.append(f"{place}: {link[1]}")
        elif setting := SETTING.match(complaint[1] or ""):
            number = _line(".", "mkdocs.yml", f"{setting['key']}:")
            complaints.append(f"mkdocs.yml:{number}: {complaint[1]}")
        elif "_Macro " not in complaint[0]:
            complaints.append(complaint[1] or complaint[0])
    return "\n".join(dict.fromkeys(complaints)) or _of_traceback(output) or output


def _of_traceback(output: str) -> str | None:
    """Return the error of a traceback with the last place in our files, if there is one."""
    frames = [frame for frame in FRAME.finditer(output) if _is_ours(frame["file"])]
    if not frames:
        return None
    message = [line for line in output.splitlines() if line and not line[0].isspace()][-1]
    return f"{_relative(frames[-1]['file'])}:{frames[-1]['line']}: {message}"


def _is_ours(file: str) -> bool:
    path = ROOT / file
    return path.is_file() and path.is_relative_to(ROOT) and ".venv" not in path.parts


def _relative(file: str) -> str:
    path = ROOT / file
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else file


def _front(docs: str, page: str) -> int:
    """Return how many lines of the file come before the text that the macros see."""
    text = (ROOT / docs / page).read_text(encoding="utf-8")
    front = YAML_RE.match(text)
    body = text[front.end() :].lstrip("\n") if front else text
    return text[: len(text) - len(body)].count("\n")


def _line(docs: str, page: str, target: str) -> int:
    """Return the first line of the file with the target of a link; 1 if a macro wrote it."""
    lines = (ROOT / docs / page).read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if target in line), 1)


def docs_of(config: Path) -> str:
    """Return the folder of the pages that a configuration file builds: ``docs/en``."""
    folder = re.search(r"^docs_dir: (.+)$", config.read_text(encoding="utf-8"), re.M)
    assert folder, f"{config} names no docs_dir"
    return folder[1]
