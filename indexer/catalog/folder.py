"""Reads a catalog from folders alone: <category>/<product>.jpg or <category>/<product>/<photo>.jpg."""

from __future__ import annotations

import errno
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from indexer.catalog.catalog_toml import read_settings
from indexer.catalog.named.paths import (
    LINK_OUT,
    OTHER_PICTURES,
    PHOTO_SUFFIXES,
    Boundary,
    cannot_be_read,
    not_behind,
)
from indexer.catalog.passed_over import COPIES, IGNORED, Ignored, Tally, is_copy, of_a_system
from indexer.catalog.products import Catalog, Product, ProductImage, Reject, Withheld
from indexer.photos import heic
from indexer.photos.kinds import HEIC, is_read, kind_of
from indexer.system.marks import NAME as MARK
from indexer.system.marks import own, own_parts
from indexer.system.names import composed
from indexer.system.regular import no_file

_SUFFIX_INSIDE = re.compile(
    r"(?<=.)\.(?:jpe?g|jpe|jfif|mpo|png|webp|avif|gif|bmp|tiff?|hei[cf])(?![0-9a-z]).*\Z", re.IGNORECASE | re.DOTALL
)
"""Where the name of a photo ends that was saved as ``R1.jpg?v=171`` or ``R1.jpg_large``."""


def read(root: Path) -> Catalog:
    """Read a folder catalog. Names decide everything, so the result does not depend on the file system's order.

    A product's id is its file or folder name. Where two categories use the same name, as numbered photos
    do (``rings/001.jpg``, ``watches/001.jpg``), each of these products is called ``<category>/<name>``. Names are
    taken in composed characters (Unicode's normal form C), in which those from a Mac and from a PC are the same.
    ``rings/a.jpg``, ``rings/a.png`` and all below ``rings/a/`` are photos of one product. What has no suffix of a
    photo is one by its first bytes. Files that are none, what systems and this program leave, and what catalog.toml
    says to ignore are passed over and counted; pictures of a format that is not read are rejects.

    Raises:
        OSError: the root itself cannot be listed; a folder in it that cannot be listed is a reject.
        CatalogError: there is a catalog.toml that cannot be read.
    """
    ignored = Ignored(read_settings(root).ignore)
    scan = _Scan(root, ignored)
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for product, paths in scan.products():  # of a category twice, where its name is there in two normal forms
        scan.add(paths, found.setdefault(product, {}))
    names = Counter(name for _, name in found)
    products = []
    for (category, name), photos in found.items():
        product_id = name if names[name] == 1 else f"{category}/{name}"
        images = tuple(ProductImage(key, photo, rank) for rank, (key, photo) in enumerate(photos.items()))
        products.append(Product(product_id, category, images))
    return Catalog(
        root,
        tuple(products),
        {},
        tuple(scan.rejects),
        withheld=tuple(scan.withheld),
        notes=ignored.notes(),
        passed_over=scan.passed.result(),
    )


class _Scan:
    """One walk over the folders, collecting what has to be left out on the way."""

    def __init__(self, root: Path, ignored: Ignored) -> None:
        self._root, self._ignored = root, ignored
        self.passed = Tally()
        self._boundary = Boundary(root)
        self.rejects: list[Reject] = []
        self.withheld: list[Withheld] = []

    def products(self) -> Iterator[tuple[tuple[str, str], list[Path]]]:
        """((category, name), photos) in the order of the names; never without a photo."""
        for path in self._entries(self._root):
            if path.is_dir():
                if self._usable(path):
                    yield from self._category(path)
            elif path.name != "catalog.toml" and self._is_photo(path):
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
                by_name.setdefault(composed(_product_of(path)), []).append(path)
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
        found = sorted(folder.iterdir(), key=lambda path: composed(path.name))
        names = {path.name for path in found}
        if found:
            found[0].lstat()  # a folder that may be listed and not entered: refused here once, and not file by file
        mine = own_parts(folder, names) if folder == self._root else frozenset()
        if folder != self._root and (what := own(folder, names)) is not None:
            self.passed.add(what, self._where(folder))
            return []
        return [path for path in found if not self._is_passed_over(path, mine) and self._found(path)]

    def _is_passed_over(self, path: Path, mine: frozenset[str]) -> bool:
        """Whether the name of a file or folder is enough to leave it alone."""
        why = "an index" if path.name in mine else of_a_system(path.name)
        if why is None and self._ignored and self._ignored.covers(self._key(path)):
            why = IGNORED
        if why is not None and path.name != MARK:
            self.passed.add(why, self._where(path))
        return why is not None

    def _found(self, path: Path) -> bool:
        """Whether there is something behind a name that is listed; a share that is not mounted is no empty folder."""
        try:
            mode = path.stat().st_mode
        except OSError as error:
            if error.errno == errno.ENOENT and not path.is_symlink():
                return False  # removed since the folder was listed
            self._withhold(path, not_behind(error))
            return False
        if (what := no_file(mode)) is not None:
            self._reject(path, f"is {what} and no file; remove it")
        return what is None

    def _is_photo(self, path: Path) -> bool:
        """Whether a file is a photo that is read; one with the suffix of a photo is not opened for that."""
        suffix = path.suffix.lower()
        if suffix in PHOTO_SUFFIXES:
            return self._usable(path)
        if is_copy(path.name):
            self.passed.add(COPIES, self._where(path))
            return False
        if not self._usable(path):
            return False
        kind = kind_of(path)
        if kind is not None and is_read(kind) and not (kind == "TIFF" and suffix in OTHER_PICTURES):  # a raw photo
            return True
        if kind is not None or suffix in OTHER_PICTURES:
            self._reject(path, _why_not_read(suffix, kind))
        else:
            self.passed.add(f"{suffix} files" if suffix else "files without a suffix", self._where(path))
        return False

    def _usable(self, path: Path) -> bool:
        if not self._boundary.contains(path):
            self._withhold(path, LINK_OUT)
        elif not _is_unicode(path.name):
            self._reject(path, "its name is not valid UTF-8; rename it")
        else:
            return True
        return False

    def _reject(self, path: Path, reason: str) -> None:
        self.rejects.append(Reject(self._where(path), reason))

    def _where(self, path: Path) -> str:
        return self._key(path).encode("utf-8", "backslashreplace").decode()

    def _withhold(self, path: Path, reason: str) -> None:
        self._reject(path, reason)
        self.withheld.append(Withheld(self._key(path)))


def _why_not_read(suffix: str, kind: str | None) -> str:
    """What is wrong with a picture: its suffix tells raw photos apart, which are a TIFF or nothing known by content."""
    if kind is None and heic.is_read() and suffix in (".heic", ".heif"):
        return "damaged, or no picture at all; export it anew"
    name = suffix[1:].upper() if kind in (None, "TIFF") else kind
    return f"{name} is not read; {heic.ADVICE if kind == HEIC else 'save it as JPEG, PNG or WebP'}"


def _product_of(path: Path) -> str:
    """The name of the product that a photo in a category folder shows: the file's, without its suffix."""
    if path.suffix.lower() in PHOTO_SUFFIXES:
        return path.stem
    return _SUFFIX_INSIDE.sub("", path.name)


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes of another encoding; no JSON and no vector store takes them
        return False
    return True
