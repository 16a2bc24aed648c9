"""Linux with ``bwrap``: a network namespace that also hides files and other processes.

Source: bwrap(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TEMPORARY = (Path("/tmp"), Path("/var/tmp"), Path("/run"))


@dataclass(frozen=True)
class Files:
    """What a command sees of the file system, which is read-only with these exceptions.

    ``hidden`` folders appear empty, except for ``readable`` and ``writable`` paths in them.
    """

    hidden: Sequence[Path]
    readable: Sequence[Path]
    writable: Sequence[Path]


def arguments(files: Files) -> list[str]:
    """Return the arguments of ``bwrap`` before the command."""
    options = [
        "--unshare-user",
        "--unshare-net",
        "--unshare-pid",
        "--unshare-ipc",
        "--die-with-parent",
        *("--ro-bind", "/", "/"),
        *("--dev", "/dev"),
        *("--proc", "/proc"),
    ]
    hidden = [path.resolve() for path in (*files.hidden, *TEMPORARY) if path.is_dir()]
    for folder in dict.fromkeys(hidden):
        options += ["--tmpfs", str(folder)]
    # Mount a folder before its content, which it would cover. Mount a path also under its name
    # before links are resolved, because the link may be in a hidden folder.
    bound = {
        visible_path: (path.resolve(), option)
        for paths, option in ((files.readable, "--ro-bind"), (files.writable, "--bind"))
        for path in paths
        for visible_path in (path.absolute(), path.resolve())
    }
    for visible_path, (path, option) in sorted(bound.items(), key=lambda pair: len(pair[0].parts)):
        if path.exists() and (option == "--bind" or _is_below(visible_path, hidden)):
            options += [option, str(path), str(visible_path)]
    return options


def _is_below(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
