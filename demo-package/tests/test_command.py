"""The command line."""

import contextlib
import io
import runpy
import unittest
from unittest import mock

from random_names.command import main


def run(*arguments: str) -> list[str]:
    """Return the lines that the command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        main(arguments)
    return output.getvalue().splitlines()


class Command(unittest.TestCase):
    def test_prints_one_name(self) -> None:
        self.assertEqual(len(run()), 1)

    def test_prints_as_many_names_as_asked(self) -> None:
        self.assertEqual(len(run("-o", "3")), 3)
        self.assertEqual(len(run("--options", "4")), 4)

    def test_refuses_an_impossible_number(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            with self.assertRaises(SystemExit) as stopped:
                run("-o", "-1")
        self.assertEqual(stopped.exception.code, 2)
        self.assertIn("between 0 and 256", errors.getvalue())

    def test_runs_as_a_module(self) -> None:
        with (
            mock.patch("sys.argv", ["command", "-o", "2"]),
            contextlib.redirect_stdout(io.StringIO()) as output,
            self.assertRaises(SystemExit) as stopped,
        ):
            runpy.run_module(
                "random_names",
                run_name="__main__",
            )
        self.assertEqual(stopped.exception.code, 0)
        self.assertEqual(len(output.getvalue().split()), 2)
