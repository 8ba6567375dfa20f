"""Files that belong to one generation, beside its points: each is whole and of these very points, or it is not there.

What they hold can be made again from the points, so that damage to one of them is no damage to the index: a file that
is not what was written, or that was written beside other points, counts as missing.

Embedded: ``generations/<n>/beside/``, bound to the checksums of the generation. On a server: this machine's folder,
``<local>/beside/<collection>/``, bound to what the writer draws and puts into the collection's metadata at each
publish; another machine's sync makes it void.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from indexer.system.files import fsync, replace_text

FOLDER = "beside"
_SEAL = ".seal"
_BLOCK = 1 << 20


class Companions:
    """The files beside one generation.

    Args:
        folder: where they are; made when the first is written.
        content: what stands for the points and nothing else; blank where nothing does, and then there are no files.
    """

    def __init__(self, folder: Path, content: str) -> None:
        self._folder, self._content = folder, content

    def path(self, name: str, *, whole: bool = False) -> Path | None:
        """The file of this name; None where there is none, or none that belongs to these points.

        Args:
            name: of the file.
            whole: compare every byte with what was written; else its length alone.
        """
        path = self._folder / name
        try:
            seal = json.loads((self._folder / f"{name}{_SEAL}").read_bytes())
            is_whole = seal["bytes"] == path.stat().st_size and (not whole or seal["sha256"] == _sha256(path))
            return path if is_whole and self._content and seal["content"] == self._content else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, name: str, write: Callable[[Path], None]) -> None:
        """Make the file of this name anew.

        Args:
            name: of the file.
            write: makes it at the path that it is given, where there is none yet.

        Raises:
            OSError: the disk refuses; there is no such file then.
        """
        if not self._content:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path, work = self._folder / name, self._folder / f".{name}"
        work.unlink(missing_ok=True)
        try:
            write(work)
            seal = {"content": self._content, "bytes": work.stat().st_size, "sha256": _sha256(work)}
            fsync(work)
            (self._folder / f"{name}{_SEAL}").unlink(missing_ok=True)
            work.replace(path)
            replace_text(self._folder / f"{name}{_SEAL}", json.dumps(seal) + "\n")
        finally:
            work.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove the files beside a generation that is gone."""
    shutil.rmtree(folder, ignore_errors=True)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
