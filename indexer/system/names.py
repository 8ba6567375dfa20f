"""Names of files in composed and in decomposed characters: the same to people, and to macOS, but not to Linux."""

from __future__ import annotations

import unicodedata
from pathlib import Path


def composed(text: str) -> str:
    """Text in Unicode's normal form C, in which names are compared and kept."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class Names:
    """Finds files by their composed names; looks into a folder once, and only where that is needed."""

    def __init__(self) -> None:
        self._listed: dict[Path, dict[str, str]] = {}

    def find(self, root: Path, key: str) -> Path:
        """The file of a key, a path with ``/``, below a folder; where there is none, the path as it stands.

        Its names may be decomposed on the disk, as those from a Mac are.

        Raises:
            OSError: the file system takes no such name, or a folder cannot be read.
            ValueError: the name holds a NUL character, or the key is not a path below the folder.
        """
        path = root / key
        if key.isascii() or path.exists():
            return path
        found = root
        for part in path.relative_to(root).parts:
            below = found / part
            if not part.isascii() and not below.exists() and found.is_dir():
                below = found / self._of(found).get(composed(part), part)
            found = below
        return found

    def _of(self, folder: Path) -> dict[str, str]:
        if folder not in self._listed:
            self._listed[folder] = {composed(path.name): path.name for path in sorted(folder.iterdir())}
        return self._listed[folder]
