"""The pytest fixture ``practice_index``; everything is loaded only when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pypi_practice.testing import PracticeIndex


@pytest.fixture
def practice_index() -> Iterator[PracticeIndex]:
    """A practice index of the test's own: ``.environ``, ``.token()``, ``.files()``, ``.web``.

    See pypi_practice.testing. It needs no internet, and nothing of it is left after the test.
    """
    from pypi_practice.testing import practice_index as run

    with run() as index:
        yield index
