"""Where a photo is: a file of the catalog, or something else that can be looked at and read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable


class Seen(NamedTuple):
    """What can be told of a photo without reading it: what the index has as ``photo.bytes`` and ``photo.mtime_ns``."""

    size: int
    mtime_ns: int


@runtime_checkable
class Place(Protocol):
    """A photo of a catalog, wherever it is. Both methods may be called from several threads."""

    def look(self) -> Seen | None:
        """What can be told without reading; None where only reading can tell.

        Raises:
            FileNotFoundError: there is no photo (any more).
            OSError: it may be there and cannot be looked at now; ``strerror`` says why.
        """
        ...

    def read(self) -> bytes:
        """The bytes of the photo; after that, `look` knows them.

        Raises:
            ImageError: they cannot be had; one line that does not name the photo.
        """
        ...


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file."""

    path: Path

    def look(self) -> Seen:
        """Its size and the time of its last change; see `Place.look`."""
        found = self.path.stat()
        return Seen(found.st_size, found.st_mtime_ns)

    def read(self) -> bytes:
        """See `indexer.photos.opening.read_bytes`."""
        from indexer.photos.opening import read_bytes  # with a decoder for every format: not for who only names photos

        return read_bytes(self.path)
