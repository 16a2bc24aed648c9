"""What can go wrong in a way that the user can mend."""

INTERRUPTED = 130  # the exit code after Ctrl-C, which is that of shells


class Terminated(KeyboardInterrupt):
    """The program was told to end, by a signal that no terminal sends to its commands as well."""


class PracticeError(Exception):
    """An error whose text is a sentence for the user: what is wrong and what to do next."""
