"""Random names for things that need one: ``calm-otter``, ``brave-lynx``."""

import random

__all__ = ["ADJECTIVES", "ANIMALS", "new_name", "new_names"]

ADJECTIVES = (
    "bold", "brave", "bright", "calm", "clever", "gentle", "happy", "kind",
    "lucky", "merry", "proud", "quick", "quiet", "shy", "swift", "wise",
)  # fmt: skip
ANIMALS = (
    "badger", "beaver", "condor", "crane", "dolphin", "falcon", "fox", "gecko",
    "heron", "ibex", "jaguar", "koala", "lynx", "otter", "puma", "tapir",
)  # fmt: skip


def new_name(source: random.Random | None = None) -> str:
    """Return one name: an adjective, a hyphen and an animal.

    Pass a ``random.Random`` with a seed to get the same names every time.
    """
    source = source or random.Random()
    return f"{source.choice(ADJECTIVES)}-{source.choice(ANIMALS)}"


def new_names(count: int, source: random.Random | None = None) -> list[str]:
    """Return *count* different names.

    Raises ValueError if *count* is negative or more than there are names.
    """
    limit = len(ADJECTIVES) * len(ANIMALS)
    if not 0 <= count <= limit:
        raise ValueError(f"the number of names must be between 0 and {limit}")
    source = source or random.Random()
    names: dict[str, None] = {}
    while len(names) < count:
        names[new_name(source)] = None
    return list(names)
