"""Cuts a condition of bash into operators and words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pypi_practice.travis.plan.bash_conditional.words import (
    NAME,
    NotBash,
    Parameter,
    Part,
    Text,
    Undecided,
    Unknown,
    Word,
)

BLANK, META = " \t", " \t\n|&;()<>"
# Substitutions whose end is certain: nothing inside can hold an end of its own.
COMMAND = re.compile(r"\$\(\([^()'\"`\\#$]*\)\)|\$\([^()'\"`\\#]*\)|`[^`'\"\\$]*`")
PARAMETER = re.compile(r"\$\{[^{}'\"`\\$()\n]*\}")


class Lexer:
    """Cuts a condition into operators and words."""

    def __init__(self, source: str) -> None:
        self.source, self.place = source, 0

    def skip(self) -> None:
        """Go over blanks, continued lines and comments."""
        while self.place < len(self.source):
            if self.source.startswith("\\\n", self.place):
                self.place += 2
            elif self.source[self.place] in BLANK:
                self.place += 1
            elif self.source[self.place] == "#":
                end = self.source.find("\n", self.place)
                self.place = len(self.source) if end < 0 else end
            else:
                return

    def token(self, kind: str = "") -> str | Word | None:
        """Return an operator or a word; None at the end.

        *kind* is ``pattern`` or ``regex`` behind the operators that take one. Raises NotBash and
        Undecided.
        """
        self.skip()
        if self.place >= len(self.source):
            return None
        sign = self.source[self.place]
        if sign in META and not (kind == "regex" and sign in "(|"):
            operator = self.source[self.place : self.place + 2]
            if operator in ("<(", ">("):
                raise Undecided("starts_command")
            if operator not in ("&&", "||", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "|&", ";;"):
                operator = sign
            self.place += len(operator)
            return operator
        return self.word(kind)

    def word(self, kind: str = "") -> Word:
        """Return the word that begins here."""
        start, depth = self.place, 0
        parts: list[Part] = []
        while self.place < len(self.source):
            sign = self.source[self.place]
            if kind == "regex" and sign in "()|":
                if sign == ")" and not depth:
                    break
                depth += {"(": 1, ")": -1, "|": 0}[sign]
            elif sign in META and not depth:
                break
            following = self.source[self.place + 1 : self.place + 2]
            if kind == "pattern" and sign in "?*+@!" and following == "(":
                raise Undecided("unknown_expression", self.source[self.place :])
            if depth and sign in "\n#":
                raise Undecided("unknown_expression", self.source[start:])
            parts += self.part(sign)
        if depth:
            raise NotBash
        source = self.source[start : self.place]
        if source.isdigit() and self.source[self.place : self.place + 1] in ("<", ">"):
            raise NotBash  # a number before them belongs to a redirection
        if source.startswith("{") and self.source[self.place : self.place + 1] in ("<", ">"):
            raise Undecided("unknown_expression", source)
        return Word(tuple(parts), source)

    def part(self, sign: str) -> Iterator[Part]:
        """Yield what *sign*, the character here, begins outside of quotes."""
        if sign == "\\":
            letter = self.source[self.place + 1 : self.place + 2]
            self.place += 2
            if letter != "\n":
                yield Text(letter, True)
        elif sign == "'":
            end = self.source.find("'", self.place + 1)
            if end < 0:
                raise NotBash
            yield Text(self.source[self.place + 1 : end], True)
            self.place = end + 1
        elif sign == '"':
            self.place += 1
            yield from self.double_quoted()
        elif sign == "~":
            self.place += 1
            yield Unknown("unknown_expression", "~")
        elif sign in "$`":
            yield self.dollar(False)
        else:
            end = self.place + 1
            while end < len(self.source) and self.source[end] not in f"{META}\\'\"~$`?*+@!#":
                end += 1
            yield Text(self.source[self.place : end], False)
            self.place = end

    def double_quoted(self) -> Iterator[Part]:
        yield Text("", True)
        while self.place < len(self.source):
            sign = self.source[self.place]
            if sign == '"':
                self.place += 1
                return
            if sign == "\\":
                letter = self.source[self.place + 1 : self.place + 2]
                self.place += 2
                if letter != "\n":
                    yield Text(letter if letter and letter in '$`"\\' else sign + letter, True)
            elif sign in "$`":
                yield self.dollar(True)
            else:
                end = self.place + 1
                while end < len(self.source) and self.source[end] not in '"\\$`':
                    end += 1
                yield Text(self.source[self.place : end], True)
                self.place = end
        raise NotBash

    def dollar(self, quoted: bool) -> Part:
        """Return what ``$`` or a backtick begins."""
        rest = self.source[self.place + 1 : self.place + 2]
        sign = self.source[self.place]
        if match := COMMAND.match(self.source, self.place):
            self.place = match.end()
            if match[0].startswith("$(("):
                return Unknown("unknown_expression", match[0])
            return Unknown("starts_command", "")
        if sign == "$" and (match := NAME.match(self.source, self.place + 1)):
            self.place = match.end()
            return Parameter(f"${{{match[0]}}}", quoted)
        if match := PARAMETER.match(self.source, self.place):
            self.place = match.end()
            return Parameter(match[0], quoted)
        if sign == "`" or rest in ("(", "{", "["):
            code = "unknown_expression" if rest in ("{", "[") else "starts_command"
            raise Undecided(code, self.source[self.place :])
        if rest and (rest in "0123456789@*#?$!-" or (not quoted and rest in "'\"")):
            if not quoted and rest in "'\"":
                raise Undecided("unknown_expression", self.source[self.place :])
            self.place += 2
            return Unknown("unknown_expression", f"${rest}")
        self.place += 1
        return Text("$", quoted)


def assignments(line: str) -> list[tuple[str, Word]]:
    """Return the names and words of ``NAME=value NAME=value``, as ``export`` of bash takes them.

    Raises Undecided for a line that is more than that, and NotBash.
    """
    lexer, assigned = Lexer(line), []
    while (token := lexer.token()) is not None:
        if not isinstance(token, Word):
            raise Undecided("unknown_expression", line)
        name = NAME.match(token.source)
        first = token.parts[0] if token.parts else None
        if name is None or not isinstance(first, Text) or first.quoted:
            continue
        sign, _, rest = first.text[name.end() :].partition("=")
        if first.text[name.end() : name.end() + 1] == "=" and not sign:
            parts = (Text(rest, False), *token.parts[1:])
            assigned.append((name[0], Word(parts, token.source)))
        elif token.source[name.end() : name.end() + 2] in ("+=", "[") or "=" in token.source:
            raise Undecided("unknown_expression", line)
    return assigned
