"""The files of a catalog as a watch sees them: which of them matter, and whether any has changed since."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from indexer.catalog.passed_over import is_copy, of_a_system
from indexer.catalog.reading import MANIFEST_SUFFIXES
from indexer.sync.watch.mounts import without_events
from indexer.system.marks import OF_AN_INDEX, own

_IN_A_CATALOG = OF_AN_INDEX | {"CURRENT", "LOCK"}
"""What an index has in its folder, where that is the catalog's own."""


class Tree:
    """A catalog's folder, less what a sync passes over whatever it holds: hidden files, unfinished copies, and what
    this program writes itself, so that a sync does not set off the next one.

    Args:
        catalog: the folder, or a manifest in it.
        local: the folder that the index has on this machine.
    """

    def __init__(self, catalog: Path, local: Path) -> None:
        is_file = catalog.is_file() or (not catalog.exists() and catalog.suffix.lower() in MANIFEST_SUFFIXES)
        self.root = catalog.parent if is_file else catalog
        self._local, self._real = Path(os.path.realpath(local)), Path(os.path.realpath(self.root))
        self._shared = self._local == self._real

    @property
    def silent(self) -> str | None:
        """Why nobody tells of changes; None where the system does."""
        kind = without_events(self.root)
        return None if kind is None else f"as it lies on {kind}, where the system does not tell of what others change"

    def concerns(self, paths: Iterable[str]) -> bool:
        """Whether one of these files or folders, which changed, is of the catalog."""
        ours: dict[str, bool] = {}
        return any(self._is_of_it(path, ours) for path in paths)

    def identity(self) -> tuple[int, int] | None:
        """What tells the folder from another one that is put in its place; None where there is none."""
        try:
            found = self.root.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def mark(self) -> str:
        """What changes with every file's name, size, time and rights; no file is opened."""
        total = 0
        for line in self._lines(str(self.root), ""):
            total += int.from_bytes(blake2b(line, digest_size=16).digest())
        return f"{total % (1 << 128):032x}"

    def _lines(self, folder: str, below: str) -> Iterator[bytes]:
        try:
            with os.scandir(folder) as listing:
                found = list(listing)
        except OSError as error:
            yield f"{below}\0{error.errno}".encode("utf-8", "surrogateescape")
            return
        if below and own(Path(folder), {entry.name for entry in found}) is not None:
            return
        for entry in found:
            key = f"{below}/{entry.name}" if below else entry.name
            if self._is_passed_over(entry.path, entry.name, below):
                continue
            try:
                seen = entry.stat()  # of what a link points to
            except OSError as error:
                yield f"{key}\0{error.errno}".encode("utf-8", "surrogateescape")
                continue
            if entry.is_dir(follow_symlinks=False):
                yield f"{key}\0{seen.st_mode}".encode("utf-8", "surrogateescape")
                yield from self._lines(entry.path, key)
            else:
                what = f"{seen.st_size}\0{seen.st_mtime_ns}\0{seen.st_mode}" if stat.S_ISREG(seen.st_mode) else "other"
                yield f"{key}\0{what}".encode("utf-8", "surrogateescape")

    def _is_passed_over(self, path: str, name: str, below: str) -> bool:
        if of_a_system(name) is not None or is_copy(name):
            return True
        if self._shared and not below:
            return name in _IN_A_CATALOG or name.endswith(".jsonl")
        return name == self._local.name and os.path.realpath(path) == str(self._local)

    def _is_of_it(self, path: str, ours: dict[str, bool]) -> bool:
        relative = self._below(path)
        if relative is None:
            return False
        folder, below = str(self.root), ""
        for number, name in enumerate(relative.parts):
            place = os.path.join(folder, name)  # noqa: PTH118 - of every event, often thousands at once
            if self._is_passed_over(place, name, below):
                return False
            if number < len(relative.parts) - 1 and self._is_ours(place, ours):
                return False
            folder, below = place, f"{below}/{name}" if below else name
        return True

    def _below(self, path: str) -> Path | None:
        """A path that the system reports, below the root, however either is written."""
        for root in (self.root, self.root.absolute(), self._real):
            try:
                return Path(path).relative_to(root)
            except ValueError:
                continue
        return None

    @staticmethod
    def _is_ours(folder: str, ours: dict[str, bool]) -> bool:
        if folder not in ours:
            try:
                ours[folder] = own(Path(folder), set(os.listdir(folder))) is not None  # noqa: PTH208 - names alone
            except OSError:
                ours[folder] = False
        return ours[folder]
