"""Types the blocks of a page into a practice shell in a terminal, as a reader does.

The reader's bash tells where a prompt, a command and its output begin and end by the escape
sequences that terminals use for it (OSC 133), so the lines that are typed are those of the page.
"""

from __future__ import annotations

import re
import shutil
from enum import StrEnum

import pexpect

from helpers.docs.blocks import Block
from helpers.docs.tutorial_runner import TIMEOUT, GuideReader, Outcome, saved

PROMPT, CONTINUED, STARTED, LATER = (f"\x1b]133;{mark}\a" for mark in ("B", "P;k=s", "C", "L"))
ENDED = re.compile(r"\x1b\]133;D;(\d+)\a")
FAILED = "\x1b]133;F\a"
READ_ALL = "printf '\\e]133;L\\a'\r"
STARTUP = r"""
PS1='$ \[\e]133;B\a\]'
PS2='> \[\e]133;P;k=s\a\]'
PS0='\e]133;C\a'
PROMPT_COMMAND='printf "\e]133;D;%s\a" "$?"'
trap 'printf "\e]133;F\a" > /dev/tty' ERR
"""
# In a terminal, a rehearsal shows Travis CI's marks of folds and times as lines of its own.
FOLD = re.compile(r"^-- [\w.]+(?:: (.*?))? -+$\n?", re.M)
TIME = re.compile(r"^ *[\w.]+ (?:\d+\.\d s|<seconds>)$\n?", re.M)
OTHER_SEQUENCES = re.compile(r"\x1b\][^\a]*\a|\x1b\(B")


class Typing(StrEnum):
    """How a block gets from the page into the terminal."""

    LINES = "lines"  # line by line, each when the shell is ready for it
    PASTED = "pasted"  # as a whole, in a terminal that marks what is pasted
    PLAIN = "plain"  # as a whole, in a terminal that does not: each line is typed ahead


def words(text: str) -> list[str]:
    """Return the words of *text*, which are broken into lines by the width of the terminal.

    >>> words("-- dpl.6: Run deployment ----\\n$ twine\\n\\n     dpl.6 2.9 s\\nDone.\\n")
    ['Run', 'deployment', '$', 'twine', 'Done.']
    """
    text = FOLD.sub(lambda match: f"{match[1]}\n" if match[1] else "", text)
    return TIME.sub("", text).split()


class TypedShell:
    """A practice shell that *reader* has opened in a terminal, in *language*."""

    def __init__(self, reader: GuideReader, language: str, typing: Typing) -> None:
        self.reader, self.typing = reader, typing
        (reader.home / ".bashrc").write_text(STARTUP, encoding="utf-8")
        marks = "off" if typing is Typing.PLAIN else "on"
        (reader.home / ".inputrc").write_text(
            f"set enable-bracketed-paste {marks}\n", encoding="utf-8"
        )
        environ = {**reader.environ, "LANGUAGE": language, "SHELL": "/bin/bash", "TERM": "xterm"}
        self.terminal: pexpect.spawn[str] = pexpect.spawn(
            str(reader.command),
            ["shell"],
            cwd=str(reader.folder),
            env=environ,
            encoding="utf-8",
            timeout=TIMEOUT,
            dimensions=(24, 120),
        )
        self.terminal.expect_exact(PROMPT)

    def close(self) -> None:
        """Leave the practice shell as its reader does."""
        self.terminal.send("exit\r")
        self.terminal.expect(pexpect.EOF)
        self.terminal.close(force=True)

    def type(self, block: Block, answer: str | None = None) -> Outcome:
        """Type a block, and give *answer*, if the page says that it asks.

        Return what it did and what is seen. Raises pexpect.TIMEOUT if it waits for more.
        """
        for path, file in saved(block):
            shutil.copy(file, self.reader.folder / path)
        lines = block.file.read_text(encoding="utf-8").splitlines()
        assert answer is None or len(lines) == 1, (
            f"{block.path} asks: a program may take a line that is pasted after it for the answer"
        )
        if self.typing is Typing.LINES:
            return self._outcome("".join(self._type(f"{line}\r", answer) for line in lines))
        text = "\r".join(lines)
        marked = f"\x1b[200~{text}\x1b[201~" if self.typing is Typing.PASTED else text
        return self._outcome(self._type(f"{marked}\r", answer))

    def _type(self, text: str, answer: str | None) -> str:
        """Type *text*; return what is seen until the shell is ready for what comes next."""
        # The shell has read all lines when it does what is typed after them.
        later = READ_ALL if self.typing is Typing.PLAIN else ""
        self.terminal.send(text if answer else text + later)
        ready = [STARTED, CONTINUED] if self.typing is Typing.LINES else [STARTED]
        if self.terminal.expect_exact(ready) == 1:
            return ""  # the command goes on in the next line
        received = STARTED
        if answer:
            # The stubs know of no result, and the documentation of pexpect does.
            is_prompted = self.terminal.waitnoecho(TIMEOUT)  # type: ignore[func-returns-value]
            assert is_prompted, "nothing asked"
            self.terminal.send(f"{answer}\r{later}")
        if later:
            self.terminal.expect_exact(LATER)
            received += self._before()
            self.terminal.expect_exact(PROMPT)
            return received
        self.terminal.expect_exact(PROMPT)
        return received + self._before()

    def _before(self) -> str:
        """Return what was seen before that which was waited for."""
        assert isinstance(self.terminal.before, str)
        return self.terminal.before

    def _outcome(self, received: str) -> Outcome:
        """Return what was done by what was seen, without the lines that were typed."""
        codes = [int(code) for code in ENDED.findall(received)]
        outputs = [part.partition("\x1b]133;D;")[0] for part in received.split(STARTED)[1:]]
        output = OTHER_SEQUENCES.sub("", "".join(outputs)).replace("\r\n", "\n")
        return Outcome(codes[-1], received.count(FAILED), output, self.reader.home)
