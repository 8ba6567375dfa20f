"""A quick look at the photos that a manifest names: size and time of those about which there is nothing to be said."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from indexer.catalog.named.paths import Boundary


class Look:
    """Looks at files by their keys; whatever is not plainly a file inside the catalog is left to the long way.

    A million photos are looked at every night, so that there is one call to the system for a file, two more for a link.

    Args:
        root: the catalog's.
    """

    def __init__(self, root: Path) -> None:
        self._prefix, self._boundary = f"{root}/", Boundary(root)
        self._folders: dict[str, bool] = {}
        self._targets: dict[tuple[str, str], bool] = {}

    def __call__(self, name: str) -> tuple[int, int] | None:
        """Size and mtime_ns of the photo that a cell names; None where that has to be looked into.

        Args:
            name: as it stands in the cell, in composed characters.
        """
        if not is_key(name):
            return None
        folder, path = name.rpartition("/")[0], self._prefix + name
        inside = self._folders.get(folder)
        if inside is None:
            inside = self._folders[folder] = self._boundary.leads_inside(Path(self._prefix + folder))
        if not inside:
            return None
        try:
            found = os.lstat(path)
            if stat.S_ISLNK(found.st_mode):
                if not self._leads_inside(folder, path):
                    return None
                found = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError, RuntimeError):  # the last from links that go round
            return None
        return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None

    def _leads_inside(self, folder: str, path: str) -> bool:
        """Whether a link does; many products may share one picture, so each way is followed once."""
        way = (folder, os.readlink(path))  # noqa: PTH115
        inside = self._targets.get(way)
        if inside is None:
            inside = self._targets[way] = self._boundary.leads_inside(Path(path))
        return inside


def is_key(name: str) -> bool:
    """Whether a name is the key of its photo, with nothing that the key would not have."""
    return not (
        "\\" in name or ":" in name or "//" in name or "./" in name or name[:1] == "/" or name[-1:] in ("/", ".", "")
    )
