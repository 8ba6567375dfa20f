"""What a long report has finished, kept beside the index: a run that was stopped goes on where it was."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreUnwritable
from indexer.system.files import replacing

Arrays = dict[str, NDArray[Any]]


class Checkpoint:
    """Finished parts of one report, as ``.npz`` files in ``<index>/work/duplicates/<key>/``.

    Args:
        folder: the index's local folder; None keeps nothing.
        settings: all that decides what the parts are; other settings have another key.
    """

    def __init__(self, folder: Path | None, settings: Mapping[str, Any]) -> None:
        key = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]
        self._folder = None if folder is None else folder / "work" / "duplicates" / key

    def part(self, name: str, make: Callable[[], Arrays], whole: Callable[[], bool] = lambda: True) -> Arrays:
        """The part of this name: read if an earlier run finished it, else made, and kept if it is ``whole``.

        Raises:
            StoreUnwritable: it cannot be kept, though this process may write there: the disk is full.
        """
        if self._folder is None:
            return make()
        path = self._folder / f"{name}.npz"
        # A damaged part is made again.
        with suppress(OSError, ValueError, EOFError, BadZipFile), path.open("rb") as file, np.load(file) as kept:
            return dict(kept)
        made = make()
        if whole():
            self._keep(path, made)
        return made

    def _keep(self, path: Path, made: Arrays) -> None:
        try:
            try:
                _write(path, made)
            except FileNotFoundError:  # another report over this index ended meanwhile and cleared up
                _write(path, made)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):  # who may only read an index, does without
                return
            raise StoreUnwritable(
                f"{path.parent}: unfinished work cannot be kept ({error.strerror or error}); make room, or "
                "give another index directory"
            ) from error

    def clear(self) -> None:
        """The report is done: nothing of it is needed any more, nor of those that were never finished."""
        if self._folder is not None:
            shutil.rmtree(self._folder.parent, ignore_errors=True)


def _write(path: Path, made: Arrays) -> None:
    """All of a part or nothing, whoever writes the same part at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, durable=False) as file:
        np.savez(file, allow_pickle=False, **made)
