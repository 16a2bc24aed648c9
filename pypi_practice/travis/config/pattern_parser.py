"""The common parser for patterns of Ruby and bash: alternatives and concatenation."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pypi_practice.travis.config.regular_expressions import (
    NESTING_LIMIT,
    Choice,
    Node,
    Series,
    UnsupportedPattern,
)


class PatternParser(ABC):
    """Parses a pattern of *length* characters from ``position`` on."""

    def __init__(self, length: int, unmatched: Exception) -> None:
        self.length, self.unmatched = length, unmatched
        self.position = self.depth = 0

    @abstractmethod
    def peek(self, text: str) -> bool:
        """Whether *text* is at the present position, with its special meaning."""

    @abstractmethod
    def atom(self) -> Node | None:
        """Read the smallest part that can be repeated; None for one such as a comment."""

    @abstractmethod
    def repeated(self, part: Node) -> Node:
        """Read the quantifiers of *part*."""

    def take(self, text: str) -> bool:
        """Consume *text* if it is at the present position, with its special meaning."""
        if not self.peek(text):
            return False
        self.position += len(text)
        return True

    def parse(self) -> Node:
        """Read the whole pattern; raises *unmatched* for an unmatched closing parenthesis."""
        node = self.choice()
        if self.position < self.length:
            raise self.unmatched
        return node

    def choice(self) -> Node:
        """Read alternatives separated by ``|``."""
        if self.depth > NESTING_LIMIT:
            raise UnsupportedPattern("deep nesting")
        options = [self.series()]
        while self.take("|"):
            options.append(self.series())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def series(self) -> Node:
        """Read a concatenation of parts up to ``|`` or ``)``."""
        parts: list[Node] = []
        while self.position < self.length and not self.peek("|") and not self.peek(")"):
            part = self.atom()
            if part is not None:
                parts.append(self.repeated(part))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))
