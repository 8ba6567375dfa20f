"""From the text in an image cell to the photo that it names, and why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from indexer.catalog.named.look import Look, is_key
from indexer.catalog.named.paths import LINK_OUT, Boundary, find_photo
from indexer.catalog.named.twins import Twins
from indexer.fields.types import LIST_SEPARATOR
from indexer.photos.fetch.many.sources import STORES, WEB, PhotoSources, scheme_of
from indexer.photos.places import Place
from indexer.system.names import Names

LONGEST_URL = 8000
"""Characters, see `indexer.photos.fetch.url`."""
_ANOTHER = re.compile(r"[,;\s]\s*[A-Za-z][A-Za-z0-9+.-]*://")
"""Where a second URL begins in a cell whose URLs are joined by another sign."""


@dataclass(frozen=True, slots=True)
class NamedPhoto:
    """A photo that a good row names; ``closed`` where it may be there and cannot be read now.

    ``elsewhere`` says where it is, if that is no file; then ``path`` says nothing.
    """

    key: str
    path: Path
    closed: bool = False
    elsewhere: Place | None = None


class ClosedPhoto(ValueError):
    """A photo of a good row that cannot be read as things are."""

    def __init__(self, reason: str, key: str) -> None:
        super().__init__(reason)
        self.key = key


def names_in(text: str) -> list[str]:
    """The names in an image cell, which holds one photo or several joined with ``|``."""
    return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]


class NamedPhotos:
    """Finds the photos that the rows of one manifest name.

    Args:
        manifest: the file; photos are named relative to its folder.
        sources: where photos come from that are URLs.
    """

    def __init__(self, manifest: Path, sources: PhotoSources | None = None) -> None:
        self._manifest, self._name, self._root = manifest, manifest.name, manifest.parent
        self._sources = sources or PhotoSources()
        self._is_remote = self._sources.address_of(manifest, manifest.name) is not None
        self._boundary = Boundary(self._root)
        self._look = Look(self._root)
        self._names, self._twins = Names(), Twins(self._root, self._boundary)
        self.closed: dict[str, tuple[str, int]] = {}
        """Folders that cannot be looked into: why, and how many photos that are wanted lie in them."""

    def key(self, name: str) -> str:
        """A photo's key. Only what lies inside the catalog is opened: a manifest may come from a stranger.

        Raises:
            ClosedPhoto: it is somewhere that this version does not look.
            ValueError: it is no path inside the catalog and no URL; the message says so in words.
        """
        if is_key(name) and not self._is_remote:
            return name
        if (scheme := scheme_of(name)) is not None:
            return _url(name, scheme)
        if (url := self._sources.address_of(self._manifest, name)) is not None:
            return _url(url, str(scheme_of(url)))
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() or ".." in relative.parts or PureWindowsPath(name).drive:
            raise ValueError(f"image {name!r} is not a path inside the catalog; write it relative to {self._name}")
        return relative.as_posix()

    def find(self, name: str, key: str) -> NamedPhoto:
        """The photo, or that it is closed to us, where a folder on the way is; that is said once for each folder.

        Raises:
            ClosedPhoto: it is there and cannot be used now.
            ValueError: there is no such photo.
        """
        if scheme_of(key) is not None:
            return NamedPhoto(key, Path(key), elsewhere=self._sources.place(key))
        if self._look(key) is not None:
            return NamedPhoto(key, self._root / key)
        photo = self._names.find(self._root, key)
        there = photo.relative_to(self._root).as_posix()  # the key, or its names as they are spelled on the disk
        try:
            blocked = find_photo(self._root, there)
        except FileNotFoundError:
            raise ValueError(f"image {name!r} does not exist{self._twins.hint(key)}") from None
        except OSError as error:
            raise ValueError(f"image {name!r} cannot be read ({error.strerror or error})") from error
        if blocked is not None:
            place, reason = blocked
            if place == there:
                raise ClosedPhoto(f"image {name!r} {reason}", key)
            self.closed[place] = reason, self.closed.get(place, (reason, 0))[1] + 1
            return NamedPhoto(key, photo, closed=True)
        if not self._boundary.contains(photo):
            raise ClosedPhoto(f"image {name!r} {LINK_OUT}", key)
        return NamedPhoto(key, photo)

    def closed_at(self, name: str) -> NamedPhoto | None:
        """The photo that a row names which cannot be used: it may be there, and what an index has of it stays."""
        try:
            key = self.key(name)
        except ClosedPhoto as problem:
            key = problem.key
        except ValueError:
            return None
        return NamedPhoto(key, self._root / key, closed=True)


def _url(name: str, scheme: str) -> str:
    """The key of a photo behind a URL: the URL itself. Whether it may be asked for is judged when it is.

    Raises:
        ClosedPhoto: URLs of this kind are not fetched.
        ValueError: it is more than one, or too long for one.
    """
    if scheme not in (*WEB, *STORES):
        kinds = ", ".join(f"{one}://" for one in (*WEB, *STORES))
        problem = f"image {name!r} is a URL that is not fetched; use {kinds}, or download it to the catalog"
        raise ClosedPhoto(problem, name)
    if len(name) > LONGEST_URL:
        raise ValueError(f"image {name[:60]!r}… is longer than the {LONGEST_URL} characters a URL may have")
    if _ANOTHER.search(name):
        raise ValueError(f"image {name!r} is more than one URL; several images are joined with |, as in a.jpg|b.jpg")
    return name
