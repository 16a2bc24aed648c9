"""``pypi-practice wall``, and the options of ``shell`` and ``travis run`` that choose a sandbox.

With ``--json`` it prints an object with KEYS: ``kinds`` is an array of objects with ``kind`` and
``reason``, which is null if the kind works here; ``shell`` and ``job`` are the kinds that the
practice shell and a rehearsed job use, ``"none"`` for none. The exit code is 1 if none works.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from pypi_practice.cli.parser import add_command
from pypi_practice.core.i18n import Translator
from pypi_practice.core.terminal import as_json
from pypi_practice.sandbox.bubblewrap import Files
from pypi_practice.sandbox.kinds import FOR_JOB, FOR_SHELL, Kind
from pypi_practice.sandbox.start import SandboxError, choose

KEYS = ("kinds", "shell", "job")


def add_options(parser: argparse.ArgumentParser, language: str) -> None:
    """Add ``--allow-host``, ``--require-wall`` and ``--wall`` to a command."""
    words = Translator(language, "commands/sandbox")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar=words.metavar("HOST"),
        help=words("help_allow_host"),
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--require-wall", action="store_true", help=words("help_require_wall"))
    chosen.add_argument("--wall", choices=[str(kind) for kind in Kind], help=words("help_kind"))


def kinds(arguments: argparse.Namespace, offered: Sequence[Kind]) -> tuple[Kind, ...]:
    """Return the kinds of sandbox to try, in order, as the options say."""
    if arguments.wall:
        return (Kind(arguments.wall),)
    return (*offered,) if arguments.require_wall else (*offered, Kind.NONE)


def add_parser(commands: Any, language: str) -> None:
    """Add the command ``wall``."""
    words = Translator(language, "commands/sandbox")
    parser = add_command(commands, "wall", words("help_wall"), language)
    parser.finish(json=Translator(language)("help_json", keys=", ".join(KEYS)))
    parser.set_defaults(run=_wall)


def _reason(kind: Kind, language: str) -> str | None:
    """Return why there is no sandbox of this *kind* here, None if there is one."""
    try:
        choose([kind], Files(hidden=[], readable=[], writable=[]))
    except SandboxError as error:
        return error.says(language).removeprefix(f"{kind}: ")
    return None


def _wall(arguments: argparse.Namespace, words: Translator) -> int:
    """Try each kind; return 0 if one of them works, else 1."""
    messages = Translator(words.language, "commands/sandbox")
    reasons = {kind: _reason(kind, words.language) for kind in FOR_JOB}
    status = 0 if any(reason is None for reason in reasons.values()) else 1
    for_shell, for_job = (
        next((kind for kind in offered if reasons[kind] is None), Kind.NONE)
        for offered in (FOR_SHELL, FOR_JOB)
    )
    if arguments.json:
        kinds = [{"kind": kind, "reason": reason} for kind, reason in reasons.items()]
        print(as_json(dict(zip(KEYS, (kinds, for_shell, for_job), strict=True))))
        return status
    for kind, reason in reasons.items():
        print(
            messages("holds_not", kind=kind, reason=reason)
            if reason
            else messages("holds", kind=kind)
        )
    for key, kind in (("used_for_shell", for_shell), ("used_for_job", for_job)):
        print(messages(key, kind=kind, wall=messages(f"wall_{kind}")))
    if reasons[Kind.BUBBLEWRAP] and not reasons[Kind.NAMESPACE]:
        print(messages("install_bubblewrap"))
    print(messages("hole"))
    return status
