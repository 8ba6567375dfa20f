"""Which files of a catalog count as photos, and whether a path really lies inside the catalog."""

from __future__ import annotations

from pathlib import Path

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
)

OTHER_PICTURES = frozenset(
    {".heic", ".heif", ".jxl", ".jp2", ".psd", ".svg", ".eps", ".ai", ".ico", ".tga", ".dng", ".cr2", ".cr3", ".nef"}
    | {".arw", ".raf", ".orf", ".rw2"}
)
"""Pictures that are not read: each is a reject, whereas other files, such as a readme.txt, are passed over."""

LINK_OUT = "is a link that points outside the catalog; copy it into the catalog"


class Boundary:
    """The catalog's edge. A manifest may come from a stranger, and a link may point at anything."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._folders: dict[Path, bool] = {}

    def contains(self, path: Path) -> bool:
        """Whether the real place of an existing file or folder is inside the catalog."""
        if path.is_symlink():
            return self._inside(path)
        # Links are resolved once per folder: resolving costs as much as reading a small photo.
        if path.parent not in self._folders:
            self._folders[path.parent] = self._inside(path.parent)
        return self._folders[path.parent]

    def _inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)
