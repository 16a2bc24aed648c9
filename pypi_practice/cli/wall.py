"""``pypi-practice wall``, and the options of ``shell`` and ``travis run`` that choose a sandbox."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from pypi_practice.core.i18n import Translator
from pypi_practice.sandbox.bubblewrap import Files
from pypi_practice.sandbox.kinds import FOR_JOB, FOR_SHELL, Kind
from pypi_practice.sandbox.start import SandboxError, choose


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


def add_parser(commands: Any, language: str, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command ``wall``."""
    text = Translator(language, "commands/sandbox")("help_wall")
    made = commands.add_parser(
        "wall", help=text, description=text, add_help=False, parents=parents[:1]
    )
    made.set_defaults(run=_wall)


def _reason(kind: Kind) -> str | None:
    """Return why there is no sandbox of this *kind* here, None if there is one."""
    try:
        choose([kind], Files(hidden=[], readable=[], writable=[]))
    except SandboxError as error:
        return str(error).removeprefix(f"{kind}: ")
    return None


def _wall(arguments: argparse.Namespace, words: Translator) -> int:
    """Try each kind; return 0 if one of them holds, else 1."""
    said = Translator(words.language, "commands/sandbox")
    reasons = {kind: _reason(kind) for kind in FOR_JOB}
    for kind, reason in reasons.items():
        print(said("holds_not", kind=kind, reason=reason) if reason else said("holds", kind=kind))
    for key, offered in (("used_for_shell", FOR_SHELL), ("used_for_job", FOR_JOB)):
        kind = next((kind for kind in offered if reasons[kind] is None), Kind.NONE)
        print(said(key, kind=kind, wall=said(f"wall_{kind}")))
    if reasons[Kind.BUBBLEWRAP] and not reasons[Kind.NAMESPACE]:
        print(said("install_bubblewrap"))
    print(said("hole"))
    return 0 if any(reason is None for reason in reasons.values()) else 1
