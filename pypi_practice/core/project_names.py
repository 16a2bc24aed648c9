"""Which names a new project may have.

Source: ProjectService.check_project_name in warehouse/packaging/services.py, PROJECT_NAME_RE in
warehouse/utils/project.py, and the SQL function ultranormalize_name, at commit 6b62157.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import stdlib_list
from packaging.utils import canonicalize_name

from pypi_practice.core.data import load

NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z", re.IGNORECASE | re.ASCII)
LOOK_ALIKES = str.maketrans("oOiIlL", "001111", "._-")


@functools.cache
def stdlib() -> frozenset[str]:
    """Return the normalised names of the modules of every Python, and of the packages above them.

    Like PyPI's, the names lose the underscores at their ends: ``_thread`` reserves ``thread``.
    """
    modules = {
        module
        for python in stdlib_list.short_versions
        for module in stdlib_list.stdlib_list(python)
    }
    above = {
        ".".join(parts[:count])
        for parts in (module.split(".") for module in modules)
        for count in range(1, len(parts) + 1)
    }
    return frozenset(canonicalize_name(name.strip("-_.")) for name in above)


@functools.cache
def prohibited() -> frozenset[str]:
    """Return the normalised names that data/index/reserved_names.yml prohibits."""
    return frozenset(
        canonicalize_name(entry["name"]) for entry in load("index/reserved_names")["prohibited"]
    )


def look(name: str) -> str:
    """Return *name* with the characters that look the same made one.

    >>> look("Demo-Lib") == look("dem0_1ib")
    True
    """
    return name.translate(LOOK_ALIKES).lower()


def fault(name: str, others: Iterable[str]) -> str | None:
    """Return the key of PyPI's reason why a new project cannot be called *name*, or None.

    *others* are the names of the projects that there are.
    """
    normalized = canonicalize_name(name)
    if normalized in stdlib():
        return "name_stdlib"
    if normalized in prohibited():
        return "name_prohibited"
    own_form = look(name)
    if any(look(other) == own_form for other in others):
        return "name_similar"
    return None
