"""``python -m site_builder build`` and ``python -m site_builder serve``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import yaml

from pypi_practice.core.errors import INTERRUPTED
from pypi_practice.core.i18n import LANGUAGES, language, localized_argparse, metavar
from site_builder import browser
from site_builder.build import BuildError, build
from site_builder.mkdocs_errors import readable
from site_builder.site_data import ROOT, word


def run() -> int:
    """Run one command; return 0, 1 with a sentence about what to mend, or 130 after Ctrl-C."""
    try:
        return main()
    except yaml.YAMLError as error:  # one of the files with the sentences that this program says
        print(readable(str(error), "docs"), file=sys.stderr)
        return 1


def main() -> int:
    """Run one command, where the sentences can be read; return its exit code."""
    arguments = _arguments(sys.argv[1:])
    os.environ["LANGUAGE"] = arguments.lang  # the builds in processes of their own see it too
    try:
        if arguments.command == "serve":
            return _serve(arguments)
        pdf = not arguments.without_pdf
        if arguments.install_browser and not browser.find():
            browser.install()
        if pdf and not browser.find():
            pdf = False
            print(word("no_pdf", arguments.lang), file=sys.stderr)
        print(word("building", arguments.lang), flush=True)
        build(arguments.site_dir, pdf=pdf)
        print(word("built", arguments.lang).format(place=arguments.site_dir))
    except BuildError as error:
        print(f"{error}\n{word('build_failed', arguments.lang)}", file=sys.stderr)
        return 1
    except OSError as error:
        text = word("no_place", arguments.lang)
        print(
            text.format(place=arguments.site_dir, reason=error.strerror or error), file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        print(f"\n{word('stopped', arguments.lang)}", flush=True)
        return 0 if arguments.command == "serve" else INTERRUPTED
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from site_builder.serve import PortTaken, serve

    try:
        serve(arguments.host, arguments.port, arguments.lang)
    except PortTaken as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    before = argparse.ArgumentParser(add_help=False)
    before.add_argument("--lang", default=language())
    wanted = before.parse_known_args(argv)[0].lang
    own = wanted if wanted in LANGUAGES else language()
    with localized_argparse(own):
        parser = argparse.ArgumentParser(prog="site_builder", description=word("help_site", own))
        parser.add_argument("--lang", choices=LANGUAGES, default=own, help=word("help_lang", own))
        parser.add_argument("command", choices=["build", "serve"], help=word("help_command", own))
        for name, of_type, default in (
            ("host", str, "127.0.0.1"),
            ("port", int, 8000),
            ("site_dir", Path, ROOT / "site"),
        ):
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                type=of_type,
                default=default,
                metavar=metavar(name.upper(), own),
                help=word(f"help_{name}", own),
            )
        for name in ("without_pdf", "install_browser"):
            parser.add_argument(
                f"--{name.replace('_', '-')}", action="store_true", help=word(f"help_{name}", own)
            )
        return parser.parse_args(argv)
