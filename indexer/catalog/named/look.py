"""A quick look at the photos that a manifest names: size and time of those about which there is nothing to be said."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from indexer.catalog.named.paths import Boundary

_KIND = 0o170000
"""The bits of a mode that say what a file is."""


class Look:
    """Looks at files by their keys; whatever is not plainly a file inside the catalog is left to the long way.

    A million photos are looked at every night, so that there is one call to the system for a file, two more for a link.

    Args:
        root: the catalog's.
    """

    def __init__(self, root: Path) -> None:
        self._prefix, self._boundary = f"{root}/", Boundary(root)
        self._folders: dict[str, bool] = {}
        self._of_links: set[str] = set()
        """Folders in which the last photo was a link."""
        self._targets: dict[tuple[str, str], bool] = {}

    def __call__(self, name: str) -> tuple[int, int] | None:
        """Size and mtime_ns of the photo that a cell names; None where that has to be looked into.

        Args:
            name: as it stands in the cell, in composed characters.
        """
        if not is_key(name):
            return None
        folder, path = name[: name.rfind("/") + 1], self._prefix + name
        inside = self._folders.get(folder)
        if inside is None:
            inside = self._folders[folder] = self._boundary.leads_inside(Path(self._prefix + folder))
        if not inside:
            return None
        try:
            if folder in self._of_links:  # there, they mostly all are, and one call is saved
                way = (folder, os.readlink(path))  # noqa: PTH115 - Path takes as long again as the look itself
                inside = self._targets.get(way)
                if inside is None:
                    inside = self._targets[way] = self._boundary.leads_inside(Path(path))
                if not inside:
                    return None
                found = os.stat(path)  # noqa: PTH116
            else:
                found = os.lstat(path)
            kind = found.st_mode & _KIND
            if kind == stat.S_IFLNK:
                self._of_links.add(folder)
                return self(name)
        except OSError as error:
            if error.errno == errno.EINVAL and folder in self._of_links:
                self._of_links.remove(folder)
                return self(name)
            return None
        except (ValueError, RuntimeError):  # a NUL in the name; links that go round
            return None
        return (found.st_size, found.st_mtime_ns) if kind == stat.S_IFREG else None


def is_key(name: str) -> bool:
    """Whether a name is the key of its photo, with nothing that the key would not have."""
    return not (
        "\\" in name or ":" in name or "//" in name or "./" in name or name[:1] == "/" or name[-1:] in ("/", ".", "")
    )
