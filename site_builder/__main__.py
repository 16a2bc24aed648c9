"""Starts ``python -m site_builder``."""

from __future__ import annotations

from pypi_practice.processes import interrupts


def main() -> int:
    """Run the command line of this process; return its exit code."""
    from site_builder import commands

    return interrupts.run(commands.run)


if __name__ == "__main__":
    raise SystemExit(main())
