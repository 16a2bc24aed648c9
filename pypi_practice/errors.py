"""What can go wrong in a way that the user can mend."""


class PracticeError(Exception):
    """An error whose text is a sentence for the user: what is wrong and what to do next."""
