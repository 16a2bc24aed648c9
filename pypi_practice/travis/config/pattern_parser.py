"""What the patterns of Ruby and of bash have in common: choices, series and parentheses."""

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
    """Parses a pattern of *length* characters from ``place`` on."""

    def __init__(self, length: int, unmatched: Exception) -> None:
        self.length, self.unmatched = length, unmatched
        self.place = self.depth = 0

    @abstractmethod
    def peek(self, text: str) -> bool:
        """Whether *text* stands here, with its meaning."""

    @abstractmethod
    def atom(self) -> Node | None:
        """Read the smallest part that can be repeated; None if it matches nothing."""

    @abstractmethod
    def repeated(self, part: Node) -> Node:
        """Read how often *part* is repeated."""

    def take(self, text: str) -> bool:
        """Go over *text* if it stands here, with its meaning."""
        if not self.peek(text):
            return False
        self.place += len(text)
        return True

    def parse(self) -> Node:
        """Read the whole pattern; raises *unmatched* for a parenthesis that opens nowhere."""
        node = self.choice()
        if self.place < self.length:
            raise self.unmatched
        return node

    def choice(self) -> Node:
        """Read series with ``|`` between them."""
        if self.depth > NESTING_LIMIT:
            raise UnsupportedPattern("deep nesting")
        options = [self.series()]
        while self.take("|"):
            options.append(self.series())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def series(self) -> Node:
        """Read parts up to ``|`` or ``)``."""
        parts: list[Node] = []
        while self.place < self.length and not self.peek("|") and not self.peek(")"):
            part = self.atom()
            if part is not None:
                parts.append(self.repeated(part))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))
