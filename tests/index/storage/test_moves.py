"""Moving a file to its place."""

from __future__ import annotations

import pytest

from pypi_practice.index.storage.moves import sync_directory


def test_a_folder_is_not_opened_on_windows(tmp_path):
    missing = tmp_path / "missing"
    sync_directory(missing, "nt")
    with pytest.raises(FileNotFoundError):
        sync_directory(missing, "posix")
