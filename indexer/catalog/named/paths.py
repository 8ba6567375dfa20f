"""Which files of a catalog count as photos, and whether a path really lies inside the catalog."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from indexer.system.regular import no_file

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
)

OTHER_PICTURES = frozenset(
    {".heic", ".heif", ".jxl", ".jp2", ".psd", ".svg", ".eps", ".ai", ".ico", ".tga", ".dng", ".cr2", ".cr3", ".nef"}
    | {".arw", ".raf", ".orf", ".rw2"}
)
"""Pictures that are not read: each is a reject, whereas other files, such as a readme.txt, are passed over."""

LINK_OUT = "is a link that points outside the catalog; copy it into the catalog"


LINK_TO_NOTHING = "is a link to nothing; mount or restore what it points to, or remove the link"

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR)
_NO_SUCH_NAME = (errno.ENAMETOOLONG, errno.EINVAL)


def cannot_be_read(error: OSError) -> str:
    """Why a place that is there cannot be looked into."""
    return f"cannot be read ({error.strerror or error}); check its owner and rights"


def not_behind(error: OSError) -> str:
    """Why what stands behind a name that is there cannot be had."""
    return LINK_TO_NOTHING if error.errno in (*_NOT_THERE, errno.ELOOP) else cannot_be_read(error)


def find_photo(root: Path, key: str) -> tuple[str, str] | None:
    """Look for a photo that a manifest names; None where it is there.

    A photo that nobody can see is not one that was removed: where a closed folder, a lost share or a link to nothing
    is in the way, the answer is the key of that place and what is wrong with it.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: no file can have this name.
    """
    try:
        mode = (root / key).stat().st_mode
    except OSError as error:
        if error.errno in _NO_SUCH_NAME:
            raise
        blocked = _blocked(root, Path(key))
        if blocked is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such file") from error
        return blocked[0].relative_to(root).as_posix(), blocked[1]
    if not stat.S_ISREG(mode):
        if (what := no_file(mode)) is not None:
            raise OSError(errno.EINVAL, f"it is {what} and no file")
        raise FileNotFoundError(errno.ENOENT, "it is no file")
    return None


def _blocked(root: Path, relative: Path) -> tuple[Path, str] | None:
    """The first place on the way from the root that cannot be passed, and why; None where the way just ends."""
    place = root
    for part in relative.parts:
        parent, place = place, place / part
        try:
            place.lstat()
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            return parent if error.errno == errno.EACCES else place, cannot_be_read(error)
        try:
            place.stat()
        except OSError as error:
            return place, not_behind(error)
    return None


class Boundary:
    """The catalog's edge. A manifest may come from a stranger, and a link may point at anything."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._folders: dict[Path, bool] = {}

    def contains(self, path: Path) -> bool:
        """Whether the real place of an existing file or folder is inside the catalog."""
        if path.is_symlink():
            return self.leads_inside(path)
        # Links are resolved once per folder: resolving costs as much as reading a small photo.
        if path.parent not in self._folders:
            self._folders[path.parent] = self.leads_inside(path.parent)
        return self._folders[path.parent]

    def leads_inside(self, path: Path) -> bool:
        """The same of a link, or of a folder; follows all links on the way."""
        return path.resolve().is_relative_to(self._root)
