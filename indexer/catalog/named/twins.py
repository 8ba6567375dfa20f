"""What to say of a photo that is not there: that a file of nearly that name is, or that the cell is a list."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from indexer.catalog.named.paths import Boundary
from indexer.system.names import composed


class Twins:
    """Finds files whose names differ from a wanted one by case or by ``%20``; looks into each folder once.

    Args:
        root: the catalog.
        boundary: its edge; a folder that a link leads to outside is not looked into.
    """

    def __init__(self, root: Path, boundary: Boundary) -> None:
        self._root, self._boundary = root, boundary
        self._listed: dict[Path, dict[str, str]] = {}

    def hint(self, key: str) -> str:
        """How a message that ``key`` does not exist goes on; blank where there is nothing to say.

        Args:
            key: a path inside the catalog, with ``/``.
        """
        if twin := self._twin(key):
            case = " (upper and lower case differ)" if key.casefold() == twin.casefold() else ""
            return f", but {twin!r} does{case}; write it as the file is named"
        if "," in key or ";" in key:
            return "; several images are joined with |, as in a.jpg|b.jpg"
        return ""

    def _twin(self, key: str) -> str | None:
        found, parts = self._root, Path(key).parts
        for part in parts:
            name = self._names(found).get(_form(part))
            if name is None:
                return None
            found = found / name
        return composed(found.relative_to(self._root).as_posix()) if parts and found.is_file() else None

    def _names(self, folder: Path) -> dict[str, str]:
        """The names in a folder by their form; none where it cannot be listed."""
        if folder not in self._listed:
            try:
                inside = folder == self._root or self._boundary.contains(folder)
                names = sorted((path.name for path in folder.iterdir()), reverse=True) if inside else []
            except OSError:
                names = []
            self._listed[folder] = {_form(name): name for name in names if name.isprintable()}
        return self._listed[folder]


def _form(name: str) -> str:
    """What names that people take for one have in common."""
    return composed(unquote(name.replace("+", " "), errors="replace")).casefold().strip()
