"""Reads a catalog from folders alone: <category>/<product>.jpg or <category>/<product>/<photo>.jpg."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from indexer.catalog.photo_paths import (
    LINK_OUT,
    LINK_TO_NOTHING,
    OTHER_PICTURES,
    PHOTO_SUFFIXES,
    Boundary,
    cannot_be_read,
)
from indexer.catalog.products import Catalog, Product, ProductImage, Reject, Withheld
from indexer.system.names import composed

_SYSTEM_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})


def read(root: Path) -> Catalog:
    """Read a folder catalog. Names decide everything, so the result does not depend on the file system's order.

    A product's id is its file or folder name. Where two categories use the same name, as numbered photos
    do (``rings/001.jpg``, ``watches/001.jpg``), each of these products is called ``<category>/<name>``. Names are
    taken in composed characters (Unicode's normal form C), in which those from a Mac and from a PC are the same.
    ``rings/a.jpg``, ``rings/a.png`` and all below ``rings/a/`` are photos of one product. Hidden files and
    those of other kinds are passed over; pictures of a format that is not read are rejects.

    Raises:
        OSError: the root itself cannot be listed; a folder in it that cannot be listed is a reject.
    """
    scan = _Scan(root)
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for product, paths in scan.products():  # of a category twice, where its name is there in two normal forms
        scan.add(paths, found.setdefault(product, {}))
    names = Counter(name for _, name in found)
    products = []
    for (category, name), photos in found.items():
        product_id = name if names[name] == 1 else f"{category}/{name}"
        images = tuple(ProductImage(key, photo, rank) for rank, (key, photo) in enumerate(photos.items()))
        products.append(Product(product_id, category, images))
    return Catalog(root, tuple(products), {}, tuple(scan.rejects), withheld=tuple(scan.withheld))


class _Scan:
    """One walk over the folders, collecting what has to be left out on the way."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._boundary = Boundary(root)
        self.rejects: list[Reject] = []
        self.withheld: list[Withheld] = []

    def products(self) -> Iterator[tuple[tuple[str, str], list[Path]]]:
        """((category, name), photos) in the order of the names; never without a photo."""
        for path in self._entries(self._root):
            if path.is_dir():
                if self._usable(path):
                    yield from self._category(path)
            elif path.suffix.lower() in PHOTO_SUFFIXES | OTHER_PICTURES:
                self._reject(path, "lies outside a category folder; move it to <category>/<product>.jpg")

    def add(self, photos: list[Path], by_key: dict[str, Path]) -> None:
        """Take a product's photos under their keys."""
        for photo in photos:
            if by_key.setdefault(self._key(photo), photo) is not photo:
                self._reject(
                    photo, "has the name of another photo in other characters (normal form); rename one of them"
                )

    def _key(self, path: Path) -> str:
        """The path below the root, with ``/`` on every system."""
        return composed(path.relative_to(self._root).as_posix())

    def _category(self, folder: Path) -> Iterator[tuple[tuple[str, str], list[Path]]]:
        by_name: dict[str, list[Path]] = {}
        for path in self._list(folder):
            if path.is_dir():
                photos = list(self._below(path)) if self._usable(path) else []
                by_name.setdefault(composed(path.name), []).extend(photos)
            elif self._is_photo(path):
                by_name.setdefault(composed(path.stem), []).append(path)
        return (((composed(folder.name), name), photos) for name, photos in sorted(by_name.items()) if photos)

    def _below(self, folder: Path) -> Iterator[Path]:
        for path in self._list(folder):
            if not path.is_dir():
                if self._is_photo(path):
                    yield path
            elif path.is_symlink():
                self._withhold(path, "is a link to a folder, which is not followed at this depth; copy it")
            else:
                yield from self._below(path)

    def _list(self, folder: Path) -> list[Path]:
        try:
            return self._entries(folder)
        except OSError as error:
            self._withhold(folder, cannot_be_read(error))
            return []

    def _entries(self, folder: Path) -> list[Path]:
        return [path for path in _visible(folder) if self._found(path)]

    def _found(self, path: Path) -> bool:
        """Whether there is something behind a name that is listed; a share that is not mounted is no empty folder."""
        try:
            path.stat()
        except OSError as error:
            if error.errno == errno.ENOENT and not path.is_symlink():
                return False  # removed since the folder was listed
            dangling = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
            self._withhold(path, LINK_TO_NOTHING if dangling else cannot_be_read(error))
            return False
        return True

    def _is_photo(self, path: Path) -> bool:
        suffix = path.suffix.lower()
        if suffix in OTHER_PICTURES:
            self._reject(path, f"{suffix[1:].upper()} is not read; save it as JPEG, PNG or WebP")
        return suffix in PHOTO_SUFFIXES and self._usable(path)

    def _usable(self, path: Path) -> bool:
        if not self._boundary.contains(path):
            self._withhold(path, LINK_OUT)
        elif not _is_unicode(path.name):
            self._reject(path, "its name is not valid UTF-8; rename it")
        else:
            return True
        return False

    def _reject(self, path: Path, reason: str) -> None:
        where = self._key(path).encode("utf-8", "backslashreplace").decode()
        self.rejects.append(Reject(where, reason))

    def _withhold(self, path: Path, reason: str) -> None:
        self._reject(path, reason)
        self.withheld.append(Withheld(self._key(path)))


def _visible(folder: Path) -> list[Path]:
    """What a person sees in a folder, sorted; macOS, Synology and Windows leave files that only look like photos."""
    seen = (p for p in folder.iterdir() if not p.name.startswith(".") and p.name not in _SYSTEM_FOLDERS)
    found = sorted(seen, key=lambda p: composed(p.name))
    if found:
        found[0].lstat()  # a folder that may be listed and not entered: refused here once, and not file by file
    return found


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes of another encoding; no JSON and no vector store takes them
        return False
    return True
