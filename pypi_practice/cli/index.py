"""``pypi-practice shell``, ``web``, ``list``, and the commands of tokens and accounts.

These need the index, whose libraries take a third of a second to load; ``travis`` does not.
With ``--json``, ``list`` prints an array of objects with LIST_KEYS.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypi_practice.cli import account, leak, reset, wall
from pypi_practice.cli.parser import Parser, add_command
from pypi_practice.cli.token import commands as token_commands
from pypi_practice.cli.token.output import print_json
from pypi_practice.cli.token.stored import open_store
from pypi_practice.core.errors import INTERRUPTED, PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.terminal import title_restored
from pypi_practice.explain import last_failure
from pypi_practice.index.app import Application
from pypi_practice.index.browser_app import LOCAL_NAMES, WebServer
from pypi_practice.network.allowed_hosts import AllowedHosts
from pypi_practice.network.server import LOOPBACK
from pypi_practice.sandbox.kinds import FOR_SHELL
from pypi_practice.shell import session

LIST_KEYS = ("index", "name", "version", "filename")


def add_parsers(
    commands: Any,
    words: Translator,
) -> None:
    """Add the commands to the command line."""

    def add(name: str, help_key: str, run: Any) -> Parser:
        command = add_command(commands, name, words(help_key), words.language)
        command.set_defaults(run=run)
        return command

    shell = add("shell", "help_shell", _shell)
    shell.add_argument("--fresh", action="store_true", help=words("help_shell_fresh"))
    shell.add_argument(
        "--port", metavar=words.metavar("PORT"), default="0", help=words("help_shell_port")
    )
    shell.add_argument(
        "--web-port", metavar=words.metavar("WEB_PORT"), default="0", help=words("help_shell_web")
    )
    wall.add_options(shell, words.language)
    shell.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        metavar=words.metavar("-- COMMAND"),
        help=words("help_shell_command"),
    )
    shell.finish(data=True)
    for module in (token_commands, account, leak, reset):
        module.add_parser(commands, words.language)
    list_command = add("list", "help_list", _list)
    list_command.finish(json=words("help_json", keys=", ".join(LIST_KEYS)), data=True)
    web = add("web", "help_web", _web)
    web.add_argument(
        "--port", metavar=words.metavar("PORT"), default="0", help=words("help_web_port")
    )
    web.add_argument(
        "--host", metavar=words.metavar("HOST"), default=LOOPBACK, help=words("help_web_host")
    )
    web.finish(data=True)


def _shell(arguments: argparse.Namespace, words: Translator) -> int:
    program = arguments.program[1:] if arguments.program[:1] == ["--"] else arguments.program
    port, web_port = _port(arguments.port, words), _port(arguments.web_port, words)
    inside = bool(os.environ.get("PYPI_PRACTICE"))
    if inside and not program:
        raise PracticeError(words("inside_already"))
    if arguments.fresh and (inside or arguments.data):
        raise PracticeError(words("inside_already" if inside else "fresh_data"))
    explain = Translator(words.language, "commands/explain")
    allowed = AllowedHosts.parse(arguments.allow_host, words.language)
    with (
        _data(arguments) as data,
        session.practice(
            data, words=words, port=port, web_port=web_port, allowed=allowed
        ) as environ,
    ):
        folder = Path(environ["PYPI_PRACTICE_DATA"])
        before = last_failure.read_or_none(folder)
        is_wall_requested = arguments.require_wall or arguments.wall
        kinds = None if inside and not is_wall_requested else wall.kinds(arguments, FOR_SHELL)
        with contextlib.nullcontext() if program else title_restored():
            code = session.run(
                program, environ, words, kinds=kinds, local_ports=allowed.local_ports
            )
        # The data of a fresh shell are gone when the hint is read.
        if not (inside or arguments.fresh) and (
            refusal := last_failure.refused_since(folder, before)
        ):
            option = f" --data {shlex.quote(str(folder))}" if arguments.data else ""
            title = refusal.title(words.language)
            print(explain("announce_refusal", title=title, option=option), file=sys.stderr)
    if not program:
        print(words("shell_left"), file=sys.stderr)
    return code


@contextlib.contextmanager
def _data(arguments: argparse.Namespace) -> Iterator[Path | None]:
    """Yield the data folder that the options select, None for the default one."""
    if not arguments.fresh:
        yield arguments.data
        return
    with tempfile.TemporaryDirectory(
        prefix="pypi-practice-fresh-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def _port(value: str, words: Translator) -> int:
    if not (value.isascii() and value.isdecimal()) or int(value) > 65535:
        raise PracticeError(words("port_number", port=value))
    return int(value)


def _web(arguments: argparse.Namespace, words: Translator) -> int:
    page_messages = Translator(words.language, "index/web_pages")
    if (running := os.environ.get("PYPI_PRACTICE_WEB")) and arguments.data is None:
        print(page_messages("serving_already", url=running))
        return 0
    port, host = _port(arguments.port, words), arguments.host
    server = WebServer(Application(open_store(arguments, words), None, words), port, host)
    try:
        print(page_messages("serving", url=server.url), flush=True)
        if host not in LOCAL_NAMES:
            print(page_messages("opened", host=host), file=sys.stderr, flush=True)
        server.wait()
    except KeyboardInterrupt:
        print(f"\n{page_messages('stopped')}")
        return INTERRUPTED
    finally:
        server.stop()
    return 0


def _list(arguments: argparse.Namespace, words: Translator) -> int:
    store = open_store(arguments, words)
    values = [
        (index.key, project.name, file.version, file.filename)
        for index in INDEXES.values()
        for project in store.projects(index)
        for file in store.files(project)
    ]
    files = [dict(zip(LIST_KEYS, row, strict=True)) for row in values]
    if arguments.json:
        print_json(files)
    else:
        rows = [words("list_row", **file) for file in files]
        print("\n".join(rows) or words("nothing_uploaded"))
    return 0
