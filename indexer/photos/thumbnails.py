"""Small pictures for answers and reports, beside the index: 256 px WebP, named by the photo's sha256."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path

from PIL import Image

from indexer.photos.fetch.many.kept import kept_at
from indexer.system.files import replacing
from indexer.system.names import Names

SIDE = 256
QUALITY = 80
EFFORT = 0
"""WebP's effort 0..6: 0 takes a third of the time of the default 4, for files half as large again."""


class ThumbnailStore:
    """Thumbnails in ``<index>/thumbnails/ab/abcd….webp``; content-addressed, so a write never conflicts."""

    def __init__(self, index_root: Path) -> None:
        self.local, self._root = index_root, index_root / "thumbnails"

    def path(self, sha256: str) -> Path:
        """Where the thumbnail of a photo with this file hash is, or would be."""
        return self._root / sha256[:2] / f"{sha256}.webp"

    def find(self, sha256: str | None) -> Path | None:
        """The thumbnail of a photo with this file hash, where there is one."""
        if not sha256 or not sha256.isalnum():  # a hash becomes part of a path
            return None
        path = f"{self._root}/{sha256[:2]}/{sha256}.webp"
        return Path(path) if os.path.isfile(path) else None  # noqa: PTH113 - an answer asks for ten, and Path is slow

    def digests(self) -> set[str]:
        """The file hashes of the photos that have one."""
        found: set[str] = set()
        with suppress(OSError), os.scandir(self._root) as folders:
            for folder in folders:
                if len(folder.name) == 2:
                    with suppress(OSError):
                        names = os.listdir(folder.path)  # noqa: PTH208 - names are all that is wanted
                        found.update(name[:-5] for name in names if name.endswith(".webp") and name[0] != ".")
        return found

    def write(self, sha256: str, image: Image.Image, *, anew: bool = False) -> None:
        """Store an RGB photo's thumbnail unless it is there; raises ``OSError`` when that fails.

        Args:
            sha256: of the photo's file.
            image: the photo.
            anew: replace one that is there: it may be of an earlier `indexer.photos.reading`.
        """
        if anew or not self.path(sha256).exists():
            self.keep(sha256, drawn(image))

    def keep(self, sha256: str, picture: bytes | memoryview) -> None:
        """Store what `drawn` made of the photo with this file hash; raises ``OSError`` when that fails."""
        path = self.path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, durable=False) as file:
            file.write(picture)


def drawn(image: Image.Image) -> memoryview:
    """The thumbnail of an RGB photo, as the bytes of its file."""
    scale = min(1.0, SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    encoded = io.BytesIO()
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    small.save(encoded, "WEBP", quality=QUALITY, method=EFFORT)
    return encoded.getbuffer()


def original_of(catalog_root: Path, key: str, local: Path | None = None) -> Path | None:
    """The catalog photo of this key, where it still is; never a file outside the catalog.

    A photo behind a URL is not fetched: it is what a sync kept of it below ``local``, the index's folder, if anything.
    """
    if "://" in key:
        kept = None if local is None else kept_at(local, key)
        return kept if kept is not None and kept.is_file() else None
    try:
        root = catalog_root.resolve()
        path = Names().find(root, key).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):  # a name that no file system takes
        return None
