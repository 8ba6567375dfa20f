"""Names in composed and in decomposed characters (Unicode, UAX 15): the same to people and to macOS, not to Linux."""

from __future__ import annotations

import unicodedata
from pathlib import Path


def composed(text: str) -> str:
    """Text in Unicode's normal form C, a letter and its accent as one character: names are compared and kept so."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    """Text in normal form D, accents as characters of their own, as some file systems give it."""
    return text if text.isascii() else unicodedata.normalize("NFD", text)


class Names:
    """Finds files by their composed names; looks into a folder once, and only where that is needed."""

    def __init__(self) -> None:
        self._listed: dict[Path, dict[str, str]] = {}

    def find(self, root: Path, key: str) -> Path:
        """The file of a key, a path with ``/``, below a folder: its names as they are spelled on the disk.

        They may be decomposed there, as those from a Mac are. What is not there, or cannot be looked into, is taken as
        it stands.

        Raises:
            ValueError: the name holds a NUL character, or the key is not a path below the folder.
        """
        path = root / key
        if key.isascii() or _is_there(path):
            return path
        found = root
        for part in path.relative_to(root).parts:
            below = found / part
            if not part.isascii() and not _is_there(below):
                below = found / self._of(found).get(composed(part), part)
            found = below
        return found

    def _of(self, folder: Path) -> dict[str, str]:
        if folder not in self._listed:
            try:
                names = sorted(path.name for path in folder.iterdir())
            except OSError:  # no folder, or a closed one: whoever opens the file will say so
                names = []
            self._listed[folder] = {composed(name): name for name in names}
        return self._listed[folder]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
