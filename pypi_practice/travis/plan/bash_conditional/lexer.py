"""Splits a conditional expression of bash into operators and words."""

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
# Substitutions without nested quotes or parentheses, so that their end is certain.
COMMAND = re.compile(r"\$\(\([^()'\"`\\#$]*\)\)|\$\([^()'\"`\\#]*\)|`[^`'\"\\$]*`")
PARAMETER = re.compile(r"\$\{[^{}'\"`\\$()\n]*\}")


class Lexer:
    """Splits a conditional expression into operators and words."""

    def __init__(self, source: str) -> None:
        self.source, self.position = source, 0

    def skip(self) -> None:
        """Skip blanks, continued lines and comments."""
        while self.position < len(self.source):
            if self.source.startswith("\\\n", self.position):
                self.position += 2
            elif self.source[self.position] in BLANK:
                self.position += 1
            elif self.source[self.position] == "#":
                end = self.source.find("\n", self.position)
                self.position = len(self.source) if end < 0 else end
            else:
                return

    def token(self, kind: str = "") -> str | Word | None:
        """Return an operator or a word; None at the end.

        *kind* is ``pattern`` or ``regex`` after an operator that takes one. Raises NotBash and
        Undecided.
        """
        self.skip()
        if self.position >= len(self.source):
            return None
        sign = self.source[self.position]
        if sign in META and not (kind == "regex" and sign in "(|"):
            operator = self.source[self.position : self.position + 2]
            if operator in ("<(", ">("):
                raise Undecided("starts_command")
            if operator not in ("&&", "||", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "|&", ";;"):
                operator = sign
            self.position += len(operator)
            return operator
        return self.word(kind)

    def word(self, kind: str = "") -> Word:
        """Return the word at the present position."""
        start, depth = self.position, 0
        parts: list[Part] = []
        while self.position < len(self.source):
            sign = self.source[self.position]
            if kind == "regex" and sign in "()|":
                if sign == ")" and not depth:
                    break
                depth += {"(": 1, ")": -1, "|": 0}[sign]
            elif sign in META and not depth:
                break
            following = self.source[self.position + 1 : self.position + 2]
            if kind == "pattern" and sign in "?*+@!" and following == "(":
                raise Undecided("unknown_expression", self.source[self.position :])
            if depth and sign in "\n#":
                raise Undecided("unknown_expression", self.source[start:])
            parts += self.part(sign)
        if depth:
            raise NotBash
        source = self.source[start : self.position]
        if source.isdigit() and self.source[self.position : self.position + 1] in ("<", ">"):
            raise NotBash  # a number before < or > belongs to a redirection
        if source.startswith("{") and self.source[self.position : self.position + 1] in ("<", ">"):
            raise Undecided("unknown_expression", source)
        return Word(tuple(parts), source)

    def part(self, sign: str) -> Iterator[Part]:
        """Yield the parts that begin with *sign*, the present character, outside of quotes."""
        if sign == "\\":
            letter = self.source[self.position + 1 : self.position + 2]
            self.position += 2
            if letter != "\n":
                yield Text(letter, True)
        elif sign == "'":
            end = self.source.find("'", self.position + 1)
            if end < 0:
                raise NotBash
            yield Text(self.source[self.position + 1 : end], True)
            self.position = end + 1
        elif sign == '"':
            self.position += 1
            yield from self.double_quoted()
        elif sign == "~":
            self.position += 1
            yield Unknown("unknown_expression", "~")
        elif sign in "$`":
            yield self.dollar(False)
        else:
            end = self.position + 1
            while end < len(self.source) and self.source[end] not in f"{META}\\'\"~$`?*+@!#":
                end += 1
            yield Text(self.source[self.position : end], False)
            self.position = end

    def double_quoted(self) -> Iterator[Part]:
        yield Text("", True)
        while self.position < len(self.source):
            sign = self.source[self.position]
            if sign == '"':
                self.position += 1
                return
            if sign == "\\":
                letter = self.source[self.position + 1 : self.position + 2]
                self.position += 2
                if letter != "\n":
                    yield Text(letter if letter and letter in '$`"\\' else sign + letter, True)
            elif sign in "$`":
                yield self.dollar(True)
            else:
                end = self.position + 1
                while end < len(self.source) and self.source[end] not in '"\\$`':
                    end += 1
                yield Text(self.source[self.position : end], True)
                self.position = end
        raise NotBash

    def dollar(self, quoted: bool) -> Part:
        """Return the part that begins with ``$`` or a backtick."""
        next_character = self.source[self.position + 1 : self.position + 2]
        sign = self.source[self.position]
        if match := COMMAND.match(self.source, self.position):
            self.position = match.end()
            if match[0].startswith("$(("):
                return Unknown("unknown_expression", match[0])
            return Unknown("starts_command", "")
        if sign == "$" and (match := NAME.match(self.source, self.position + 1)):
            self.position = match.end()
            return Parameter(f"${{{match[0]}}}", quoted)
        if match := PARAMETER.match(self.source, self.position):
            self.position = match.end()
            return Parameter(match[0], quoted)
        if sign == "`" or next_character in ("(", "{", "["):
            code = "unknown_expression" if next_character in ("{", "[") else "starts_command"
            raise Undecided(code, self.source[self.position :])
        if next_character and (
            next_character in "0123456789@*#?$!-" or (not quoted and next_character in "'\"")
        ):
            if not quoted and next_character in "'\"":
                raise Undecided("unknown_expression", self.source[self.position :])
            self.position += 2
            return Unknown("unknown_expression", f"${next_character}")
        self.position += 1
        return Text("$", quoted)


def assignments(line: str) -> list[tuple[str, Word]]:
    """Return the names and words of ``NAME=value NAME=value``, parsed as by ``export`` of bash.

    Raises Undecided for any other line, and NotBash.
    """
    lexer, assigned = Lexer(line), []
    while (token := lexer.token()) is not None:
        if not isinstance(token, Word):
            raise Undecided("unknown_expression", line)
        name = NAME.match(token.source)
        first = token.parts[0] if token.parts else None
        if name is None or not isinstance(first, Text) or first.quoted:
            continue
        sign, _, value_start = first.text[name.end() :].partition("=")
        if first.text[name.end() : name.end() + 1] == "=" and not sign:
            parts = (Text(value_start, False), *token.parts[1:])
            assigned.append((name[0], Word(parts, token.source)))
        elif token.source[name.end() : name.end() + 2] in ("+=", "[") or "=" in token.source:
            raise Undecided("unknown_expression", line)
    return assigned
