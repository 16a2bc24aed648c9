"""The names themselves."""

import random
import unittest

from random_names import (
    ADJECTIVES,
    ANIMALS,
    new_name,
    new_names,
)


class Names(unittest.TestCase):
    def test_a_name_is_an_adjective_and_an_animal(self) -> None:
        adjective, animal = new_name().split("-")
        self.assertIn(adjective, ADJECTIVES)
        self.assertIn(animal, ANIMALS)

    def test_the_same_seed_gives_the_same_names(self) -> None:
        first = new_names(5, random.Random(2019))
        self.assertEqual(first, new_names(5, random.Random(2019)))

    def test_names_do_not_repeat(self) -> None:
        self.assertEqual(len(set(new_names(256))), 256)

    def test_more_names_than_there_are_is_an_error(self) -> None:
        with self.assertRaisesRegex(ValueError, "between 0 and 256"):
            new_names(257)
