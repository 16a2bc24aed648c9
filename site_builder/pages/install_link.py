"""Leads to the page that installs the program, where a page first asks for it."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.structure.files import Files
from mkdocs.utils import get_relative_url

from site_builder.site_data import word

INSTALL = "install.md"
BLOCK = re.compile(r'<div class="language-bash(?:(?!\boutput\b)[^"])*">.*?</pre>', re.S)
TAG = re.compile(r"<[^>]*>")
COMMAND = re.compile(r"\bpypi-practice ")


def mark(html: str, page: Any, files: Files, language: str) -> str:
    """Return a page's content with the link before the first block that runs the program."""
    install = files.get_file_from_path(INSTALL)
    if install is None or page.file.src_uri == INSTALL:
        return html
    for block in BLOCK.finditer(html):
        if COMMAND.search(TAG.sub("", block[0])):
            url, at = get_relative_url(install.url, page.url), block.start()
            text = word("install_first", language).format(url=url)
            return f'{html[:at]}<p class="install-first">{text}</p>\n{html[at:]}'
    return html
