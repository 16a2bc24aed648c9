"""A practice index for the tests of other projects: publish to it as to PyPI, and look at it.

>>> import subprocess
>>> from pypi_practice import practice_index
>>> with practice_index() as index:
...     environ = {**index.environ, "TWINE_PASSWORD": index.token()}
...     command = ["twine", "upload", "--repository", "testpypi", "dist/*"]
...     subprocess.run(command, env=environ, check=True)
...     print([file.filename for file in index.files()])  # doctest: +SKIP

pytest has it as the fixture ``practice_index`` as soon as this package is installed:

    def test_my_release(practice_index):
        release("testpypi", environ=practice_index.environ, token=practice_index.token())
        assert [file.version for file in practice_index.files()] == ["1.0"]
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator, language
from pypi_practice.core.indexes import INDEXES, Index
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.store import Store
from pypi_practice.shell.session import practice


@dataclass(frozen=True)
class PracticeIndex:
    """A running practice index, with PyPI and TestPyPI in it.

    ``environ`` is a complete environment for programs: in it PyPI's own addresses lead here.
    ``web`` is the address of the pages, for a browser. ``data`` is the folder of the data.
    """

    environ: dict[str, str]
    web: str
    data: Path
    _store: Store = field(repr=False)

    def token(self, index: str = "testpypi", project: str | None = None) -> str:
        """Return a new token of *index* (``testpypi`` or ``pypi``), for all projects or for one.

        Raises PracticeError if there is no such index, or no such project on it yet.
        """
        target_index = self._index(index)
        project_record = None
        if project is not None:
            project_record = self._store.project(target_index, project)
            if project_record is None:
                words = Translator(self._store.words.language, "commands/tokens")
                raise PracticeError(words("unknown_project", name=project, index=target_index.name))
        name = f"practice-index-{uuid.uuid4().hex}"
        return self._store.new_token(self._store.user(target_index), name, project_record)[1]

    def files(self, index: str = "testpypi") -> list[queries.ListedFile]:
        """Return what has been uploaded to *index*, by project, version and file name.

        Each file tells its ``filename``, ``version``, ``filetype``, ``size`` and ``sha256``.
        """
        target_index = self._index(index)
        return [
            file
            for project in self._store.projects(target_index)
            for file in queries.files(self._store, project)
        ]

    def content(self, filename: str, index: str = "testpypi") -> bytes:
        """Return the bytes of an uploaded file; FileNotFoundError if there is none."""
        target_index = self._index(index)
        if self._store.file(target_index, filename) is None:
            raise FileNotFoundError(filename)
        with self._store.content(target_index, filename) as stream:
            return stream.read()

    def _index(self, key: str) -> Index:
        if key not in INDEXES:
            raise PracticeError(self._store.words("unknown_index", key=key))
        return INDEXES[key]


@contextlib.contextmanager
def practice_index(
    data: Path | None = None,
    *,
    upstream: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[PracticeIndex]:
    """Run a practice index for the time of a ``with`` block; give a PracticeIndex.

    Its data lie in *data*, or in a temporary folder that is removed at the end. Packages that it
    does not hold are not found, and nothing needs the internet, unless *upstream* lets it ask the
    real index for them. *environ* is what its environment is made of. Raises PracticeError if the
    folder cannot be written or is in use.
    """
    # A practice shell around us is one for the learner; what is tested gets its own index.
    outer = {key: value for key, value in environ.items() if not key.startswith("PYPI_PRACTICE")}
    words = Translator(language(outer))
    with contextlib.ExitStack() as stack:
        if data is None:
            temporary = tempfile.TemporaryDirectory(prefix="pypi-practice-data-")
            data = Path(stack.enter_context(temporary))
        inner = stack.enter_context(
            practice(data, words=words, environ=outer, with_upstream=upstream)
        )
        store = Store(data.absolute(), words)
        stack.callback(store.close)
        yield PracticeIndex(
            environ=inner, web=inner["PYPI_PRACTICE_WEB"], data=data.absolute(), _store=store
        )
