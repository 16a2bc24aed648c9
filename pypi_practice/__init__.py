"""A local practice index with PyPI's tokens, rules and words behind PyPI's own addresses.

For programs: ``from pypi_practice import practice_index``; see pypi_practice.testing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypi_practice.testing import practice_index

__all__ = ["practice_index"]


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: the command line must not wait for it.
    if name == "practice_index":
        from pypi_practice.testing import practice_index

        return practice_index
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
