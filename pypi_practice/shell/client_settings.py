"""Finds configuration files that make a client bypass the proxy of the practice shell.

Sources: uv's reference of settings (``https-proxy``, ``http-proxy`` and ``no-proxy`` win over the
environment since uv 0.9); curl(1) for ``.curlrc``; git-config(1), ``http.proxy``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypi_practice.processes import executables

UV_SETTINGS = ("https-proxy", "http-proxy", "no-proxy")
CURL_SETTING = re.compile(r"^[ \t]*(?:--)?(-x|proxy|preproxy|noproxy|socks[a-z0-9-]*)\b", re.M)
GIT_SETTING = r"^(http|remote)\..*proxy$"
PIP_SETTING = re.compile(r"^[ \t]*proxy[ \t]*[=:]", re.M | re.I)
PIP_FILES = {"PIP_CONFIG_FILE": (), "VIRTUAL_ENV": ("pip.conf",)}
LIMIT = 1_000_000  # bytes of a configuration file that are read


@dataclass(frozen=True)
class Detour:
    """A *setting* of *program* in the file *path*."""

    program: str
    path: str
    setting: str


def detours(environ: Mapping[str, str], folder: Path) -> Iterator[Detour]:
    """Yield the settings of the user and of the project *folder* that bypass the proxy."""
    home = Path(environ.get("HOME") or Path.home())
    yield from uv_detours(environ, home, folder)
    for path in _curl_files(environ, home):
        for match in CURL_SETTING.finditer(_text(path)):
            yield Detour("curl", str(path), match[1])
    yield from _git(environ)


def _curl_files(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Yield the files that curl may read; it reads the first of them that exists.

    Source: ``findfile`` in curl's src/tool_findfile.c.
    """
    for directory in dict.fromkeys((Path(environ.get("CURL_HOME") or home), home)):
        yield from (directory / ".curlrc", directory / "_curlrc")
    for directory in (Path(environ.get("XDG_CONFIG_HOME") or home / ".config"), home / ".config"):
        yield from (directory / "curlrc", directory / ".curlrc")


def uv_detours(
    environ: Mapping[str, str], home: Path, folder: Path, system: str = os.name
) -> Iterator[Detour]:
    """Yield the settings of uv; *system* is a value of ``os.name``."""
    if environ.get("UV_NO_CONFIG"):
        return
    if system == "nt":
        user = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [user / "uv" / "uv.toml", Path("/etc/uv/uv.toml")]
    if environ.get("UV_CONFIG_FILE"):
        files = [Path(environ["UV_CONFIG_FILE"])]
    for parent in (folder, *folder.parents):
        files += [parent / "uv.toml", parent / "pyproject.toml"]
    for path in files:
        try:
            settings: Any = tomllib.loads(_text(path))
        except (tomllib.TOMLDecodeError, RecursionError):
            continue  # uv refuses such a file
        if path.name == "pyproject.toml":
            tool = settings.get("tool")
            settings = tool.get("uv") if isinstance(tool, dict) else None
        for name in UV_SETTINGS:
            if isinstance(settings, dict) and name in settings:
                yield Detour("uv", str(path), name)


def _git(environ: Mapping[str, str]) -> Iterator[Detour]:
    program = executables.find("git", environ.get("PATH"))
    if program is None:
        return
    for scope in ("--global", "--system"):
        command = [program, "config", scope, "--show-origin", "--null", "--get-regexp", GIT_SETTING]
        try:
            completed = subprocess.run(
                command, env=dict(environ), capture_output=True, text=True, check=False, cwd="/"
            )
        except (OSError, UnicodeDecodeError):
            return
        parts = completed.stdout.split("\0")
        for origin, setting in zip(parts[::2], parts[1::2], strict=False):
            yield Detour("git", origin.removeprefix("file:"), setting.partition("\n")[0])


def has_pip_proxy(environ: Mapping[str, str], system: str = os.name) -> bool:
    """Tell whether a configuration of pip sets a proxy; *system* is a value of ``os.name``.

    Source: pip's page on configuration.
    """
    home = Path(environ.get("HOME") or Path.home())
    name = "pip.ini" if system == "nt" else "pip.conf"
    folders = [*environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)]
    folders += [environ.get("XDG_CONFIG_HOME") or str(home / ".config")]
    folders += [environ.get("APPDATA", ""), environ.get("PROGRAMDATA", "")]
    folders += [str(home / "Library" / "Application Support"), "/Library/Application Support"]
    files = [Path(folder, "pip", name) for folder in folders if folder]
    files += [Path("/etc", name), home / ".pip" / name, home / "pip" / name, Path(sys.prefix, name)]
    files += [Path(environ[key], *names) for key, names in PIP_FILES.items() if environ.get(key)]
    return any(PIP_SETTING.search(_text(path)) for path in files)


def _text(path: Path) -> str:
    """Return the text of a file, empty if it cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open(encoding="utf-8") as file:
            return file.read(LIMIT)
    except (OSError, UnicodeDecodeError):
        return ""
