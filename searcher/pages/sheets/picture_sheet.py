"""The pictures of a report, each once: noted while the report is laid out, made in threads at its end."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from indexer.errors import ImageError
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore, original_of
from indexer.system.machine import cores
from searcher.pages.sheets.difference import SIDE, difference_picture

MOST = 40_000
"""Pictures of one report, about 150 MB; what comes later in its order is shown without."""
QUALITY = 72
OPEN = 256
"""Pixels at which photos are read to be compared, and photos that stay open at a time."""


@dataclass(frozen=True, slots=True)
class _Photo:
    sha256: str
    key: str


@dataclass(frozen=True, slots=True)
class _Difference:
    first: _Photo
    second: _Photo
    transform: tuple[float, ...] | None
    flipped: bool


class PictureSheet:
    """Numbers pictures, and makes them at the end.

    Args:
        local: this machine's folder of the index (`Index.local`), where thumbnails are.
        catalog_root: where the photos were at the last sync, for those without a thumbnail.
    """

    def __init__(self, local: Path, catalog_root: Path) -> None:
        self._thumbnails, self._root = ThumbnailStore(local), catalog_root
        self._numbers: dict[_Photo | _Difference, int] = {}
        self._opened = lru_cache(OPEN)(self._open)
        self.left_out = 0
        """Pictures that were asked for beyond the most there may be."""

    def photo(self, sha256: str, key: str) -> int | None:
        """The number of a photo's picture; None where there are too many."""
        return self._number(_Photo(sha256, key))

    def difference(
        self,
        first: tuple[str, str],
        second: tuple[str, str],
        transform: Sequence[float] | None = None,
        flipped: bool = False,
    ) -> int | None:
        """The number of the picture that shows the difference of two photos, each given by its sha256 and its key."""
        placed = None if transform is None else tuple(transform)
        return self._number(_Difference(_Photo(*first), _Photo(*second), placed, flipped))

    def made(self) -> list[str]:
        """The pictures by their numbers, WebP in base64; an empty text where the photo is not at hand."""
        with ThreadPoolExecutor(cores()) as pool:
            return list(pool.map(self._made, list(self._numbers)))

    def _number(self, picture: _Photo | _Difference) -> int | None:
        known = self._numbers.get(picture)
        if known is None and len(self._numbers) < MOST:
            known = self._numbers[picture] = len(self._numbers)
        self.left_out += known is None
        return known

    def _made(self, picture: _Photo | _Difference) -> str:
        if isinstance(picture, _Photo):
            image = self._opened(picture)
            small = None if image is None else image.copy()
            if small is not None:
                small.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
        else:
            first, second = self._opened(picture.first), self._opened(picture.second)
            if first is None or second is None:
                return ""
            small = difference_picture(first, second, picture.transform, picture.flipped)
        return "" if small is None else _encoded(small)

    def _open(self, photo: _Photo) -> Image.Image | None:
        return open_small(self._thumbnails, self._root, photo.sha256, photo.key)


def open_small(
    thumbnails: ThumbnailStore, catalog_root: Path, sha256: str, key: str, side: int = OPEN
) -> Image.Image | None:
    """A photo of an index as an RGB image whose longer side is ``side`` pixels or less; None where it is not at hand.

    Args:
        thumbnails: of the index; asked first where they are large enough.
        catalog_root: where the photos were at the last sync.
        sha256: of the photo's file; may be empty.
        key: the photo's path under the catalog root.
        side: pixels.
    """
    thumbnail, original = thumbnails.find(sha256), original_of(catalog_root, key, thumbnails.local)
    places = [thumbnail, original] if side <= OPEN else [original, thumbnail]
    for place in places:
        if place is None:
            continue
        try:
            image = open_image(place, fit=side)
        except ImageError:  # removed meanwhile, or damaged: the other may do
            continue
        image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
        return image
    return None


def _encoded(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=2)
    return base64.b64encode(buffer.getvalue()).decode()
