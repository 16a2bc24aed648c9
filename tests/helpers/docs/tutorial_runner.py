"""Runs the shell blocks of the pages word for word, in page order, as a reader of the guide does.

One home folder and one practice index for the whole tutorial; a new terminal for each page, inside
``pypi-practice shell``.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.docs import blocks as pages_blocks
from helpers.docs.blocks import Block, folder, owner
from site_builder.code_blocks.proof_kind import special
from site_builder.formats import wheel

TIMEOUT = 600  # seconds for one page


@dataclass(frozen=True)
class Outcome:
    """What a block did: the code of its last command, how many of its commands failed, and all
    that it printed."""

    code: int
    failures: int
    output: str
    home: Path


class GuideReaders:
    """The readers: one of the whole tutorial, and one of each page that stands alone."""

    def __init__(self, base: Path, archive: Path) -> None:
        self.base, self.archive = base, archive
        self._readers: dict[str, GuideReader] = {}

    def reader(self, name: str) -> GuideReader:
        """Return the reader called *name*, with a home of their own."""
        if name not in self._readers:
            folder = self.base / name.replace("/", "-")
            folder.mkdir()
            self._readers[name] = GuideReader(folder, self.archive)
        return self._readers[name]

    def outcome(self, block: Block) -> Outcome:
        """Return what a shell block did, after its page and the pages before it were run."""
        page = owner(block)
        terminal = terminal_of(block)
        if terminal:
            return self.reader(f"{page}-{terminal}").outcome_in_terminal(block)
        return self.reader(pages_up_to(page)[0]).outcome(block)


class GuideReader:
    """A reader with a clean home in *base* and copies of *archive* (random-names.zip)."""

    def __init__(self, base: Path, archive: Path) -> None:
        self.base = base
        self.home = base / "home"
        self.home.mkdir()
        # Where the reader works: the pages of the tutorial go to their own folder below the home.
        self.folder = self.home
        (self.home / "tutorial").mkdir()
        shutil.copy(archive, self.home)
        shutil.copy(archive, self.home / "tutorial")
        (self.home / ".gitconfig").write_text(
            "[user]\n\tname = Your Name\n\temail = you@example.com\n", encoding="utf-8"
        )
        self.command = Path(sys.executable).with_name("pypi-practice")
        self.installers = base / "installers"  # pipx and uv, if the reader needs them
        self._outcomes: dict[str, dict[str, Outcome]] = {}
        self._terminal_outcomes: dict[str, Outcome] = {}

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a reader's terminal: nothing of ours but how to reach the network."""
        kept_names = (
            "HTTPS_PROXY",
            "https_proxy",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "TMPDIR",
            "PYPI_PRACTICE_CACHE",
        )
        environ = {name: os.environ[name] for name in kept_names if name in os.environ}
        python = Path(sys.base_prefix) / "bin"
        environ |= {
            "HOME": str(self.home),
            "PATH": os.pathsep.join(
                [str(self.installers), str(python), "/usr/local/bin", "/usr/bin", "/bin"]
            ),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "80",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # Compiling all modules is a third of an installation, and few of them are used.
            "PIP_NO_COMPILE": "1",
            "PIP_CACHE_DIR": _pip("cache", "dir"),
            "PYPI_PRACTICE_UPSTREAM": _pip("config", "get", "global.index-url")
            or "https://pypi.org/simple/",
            # Stands for the keyring of a desktop, which a test machine does not have.
            "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
            "PYTHONPATH": str(self._keyring()),
        }
        return environ

    def _keyring(self) -> Path:
        folder = self.base / "keyring"
        if not folder.exists():
            import keyrings.alt

            shutil.copytree(Path(keyrings.alt.__path__[0]), folder / "keyrings" / "alt")
        return folder

    def practice(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command inside ``pypi-practice shell``; return what it did."""
        return self._call(cwd or self.folder, "shell", "--", *command)

    def rehearse(self, project: Path) -> subprocess.CompletedProcess[str]:
        """Say what a push to staging of *project* would run; that needs no practice shell."""
        return self._call(project, "travis", "run", ".", "--branch", "staging", "--dry-run")

    def _call(self, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _run([str(self.command), *arguments], cwd, self.environ)

    def terminal(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one command in a terminal in which ``pypi-practice`` is not installed."""
        environ = self.environ
        # Where pipx and uv put commands; a desktop has it in PATH.
        commands = str(self.home / ".local" / "bin")
        index = environ["PYPI_PRACTICE_UPSTREAM"]
        environ |= {
            "PATH": os.pathsep.join([commands, environ["PATH"]]),
            "PIP_INDEX_URL": index,
            "UV_DEFAULT_INDEX": index,
        }
        if "SSL_CERT_FILE" in environ:  # the pip of an older Python reads its own variable only
            environ["PIP_CERT"] = environ["SSL_CERT_FILE"]
        return _run(list(command), self.home, environ)

    def outcome_in_terminal(self, block: Block) -> Outcome:
        """Return what a block did that is typed before there is a practice shell, after those
        before it in its list of ``terminals``."""
        if not self._terminal_outcomes:
            page, terminal = owner(block), terminal_of(block)
            prepare_program(self)
            # Systems that need the same command have a tab each.
            shown = dict.fromkeys(pages_blocks.blocks(page))
            typed = [other for other in shown if terminal_of(other) == terminal]
            self._terminal_outcomes = self._run_blocks(page, typed, self.terminal)
        return self._terminal_outcomes[block.name]

    def outcome(self, block: Block) -> Outcome:
        """Return what a shell block did, after its page and the pages before it were run."""
        for page in pages_up_to(owner(block)):
            if page not in self._outcomes:
                self._outcomes[page] = self._run_page(page)
        return self._outcomes[owner(block)][block.name]

    def _run_page(self, page: str) -> dict[str, Outcome]:
        if special(folder(page)).get("program"):
            program = prepare_program(self)
            lines = (
                "set -e",
                "export TWINE_USERNAME=__token__",
                'export TWINE_PASSWORD="$(pypi-practice token new --index pypi)"',
                f"'{sys.executable}' -m twine upload '{program}'",
            )
            result = self.practice("bash", "-c", "\n".join(lines))
            assert result.returncode == 0, f"{page}: the program was not published: {result.stdout}"
        shell_blocks = [
            block
            for block in pages_blocks.blocks(page)
            if runs_in_shell(block) and not terminal_of(block)
        ]
        return self._run_blocks(page, shell_blocks, self.practice)

    def _run_blocks(
        self,
        page: str,
        shell_blocks: Sequence[Block],
        run: Callable[..., subprocess.CompletedProcess[str]],
    ) -> dict[str, Outcome]:
        folder = self.base / page.replace("/", "-")
        folder.mkdir()
        driver_lines = ['trap \'echo "$?" >> "$proof.failed"\' ERR']
        for number, block in enumerate(shell_blocks):
            proof = folder / f"{number:02}-{block.name}"
            shutil.copy(block.file, proof)
            proof.with_suffix(".in").write_text(self._pasted(block), encoding="utf-8")
            driver_lines += [
                f"proof='{proof}'",
                *(f"cp '{file}' '{self.folder / where}'" for where, file in saved(block)),
                f". '{proof}' > '{proof}.out' 2>&1 < '{proof.with_suffix('.in')}'",
                f"echo \"$?\" > '{proof}.code'",
            ]
        (folder / "driver.bash").write_text(
            "\n".join(driver_lines) + "\nexit 0\n", encoding="utf-8"
        )
        result = run("bash", str(folder / "driver.bash"))
        assert result.returncode == 0, f"{page}: the shell ended with {result.stdout}"
        return {
            block.name: self._read(folder / f"{number:02}-{block.name}")
            for number, block in enumerate(shell_blocks)
        }

    def _pasted(self, block: Block) -> str:
        """Return what the reader pastes: the output of a block that was run before."""
        source = block.special.get("stdin")
        if source is None:
            return ""
        page, _, name = source.rpartition("/")
        return self._outcomes[page][name].output

    def _read(self, proof: Path) -> Outcome:
        failed = Path(f"{proof}.failed")
        return Outcome(
            code=int(Path(f"{proof}.code").read_text()),
            failures=len(failed.read_text().split()) if failed.exists() else 0,
            output=Path(f"{proof}.out").read_text(encoding="utf-8"),
            home=self.home,
        )


def _run(
    command: Sequence[str], cwd: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        # A program that asks for a secret reads the terminal of whoever runs the tests, if it can.
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def prepare_program(reader: GuideReader) -> Path:
    """Give a reader the wheel that the site carries, and a copy of what it is made of.

    The reader has pipx and uv as well. Return the path of the wheel.
    """
    reader.installers.mkdir()
    for name in ("pipx", "uv"):
        (reader.installers / name).symlink_to(reader.command.with_name(name))
    wheel.copy_sources(reader.home / "publish-from-ci")
    with tempfile.TemporaryDirectory() as site:
        return Path(shutil.copy(wheel.build(Path(site)), reader.home))


def terminal_of(block: Block) -> str | None:
    """Return the list of ``terminals`` in ``proof.yml`` that holds a block; None for a block that
    is typed into the practice shell."""
    terminals: dict[str, list[str]] = special(folder(owner(block))).get("terminals", {})
    return next((name for name, blocks in terminals.items() if block.name in blocks), None)


def saved(block: Block) -> list[tuple[str, Path]]:
    """Return what the reader saves from the page before this block: place in the home, file."""
    files_by_name = {block.name: block.file for block in pages_blocks.blocks(block.page)}
    return [(path, files_by_name[name]) for path, name in block.special.get("saved", {}).items()]


def runs_in_shell(block: Block) -> bool:
    """Whether the reader types this block into the terminal."""
    return block.file.suffix == ".sh" and block.kind == "run"


def pages_up_to(page: str) -> list[str]:
    """Return *page* after all pages whose blocks its reader has run before: of the tutorial."""
    if not page.startswith("tutorial/"):
        return [page]
    tutorial = pages_blocks.tutorial()
    return list(tutorial[: tutorial.index(page) + 1])


@functools.cache
def _pip(*arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False
    )
    return result.stdout.strip()
