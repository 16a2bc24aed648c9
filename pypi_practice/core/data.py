"""The program's data files."""

from __future__ import annotations

import functools
import importlib.resources
from typing import Any

import yaml


@functools.cache
def load(name: str) -> Any:
    """Return what ``data/<name>.yml`` holds, such as ``travis/rules``.

    A file is read once, so treat what is returned as read-only.
    """
    file = importlib.resources.files("pypi_practice").joinpath("data", f"{name}.yml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with file.open("rb") as stream:  # whose name stands in an error
        return yaml.load(stream, Loader=loader)
