"""Starts ``pypi-practice``."""

from __future__ import annotations

from pypi_practice.processes import interrupts


def main() -> int:
    """Run the command line of this process; return its exit code."""
    from pypi_practice.cli import main as program

    return interrupts.run(program.main)
