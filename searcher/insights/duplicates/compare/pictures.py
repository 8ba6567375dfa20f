"""The pictures of a pair, opened and brought to one size."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import ImageError
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image, read_bytes
from indexer.photos.thumbnails import SIDE, ThumbnailStore, original_of
from searcher.insights.duplicates.answers import Photo
from searcher.insights.duplicates.compare.frame import FramedPicture, at_most

MOST_SIDE = 4 * SIDE
"""Pixels of the longer side that a picture keeps: a photo on a phone's screen may be a third of it."""


class Pictures:
    """Loads pictures of photos: the thumbnail that a sync left, or the original; None where neither is there."""

    def __init__(self, local: Path, catalog_root: Path) -> None:
        self._thumbnails, self._root, self._local = ThumbnailStore(local), catalog_root, local

    def __call__(self, photo: Photo) -> FramedPicture | None:
        """A picture of at least `SIDE` pixels, if the photo has as many.

        The original is taken where there is no thumbnail, and of what a screen or margins surround: scaled with the
        whole screen, a thin chain in the photo no longer follows its copies.
        """
        thumbnail = _opened(self._thumbnails.find(photo.sha256))
        if thumbnail is not None and not thumbnail.is_framed:
            return thumbnail
        return _opened(original_of(self._root, photo.path, self._local), photo.sha256) or thumbnail

    def original(self, photo: Photo) -> FramedPicture | None:
        """The picture as it is in its file, whatever its size; None where that is gone or another one by now."""
        return _opened(original_of(self._root, photo.path, self._local), photo.sha256, whole=True)


def _opened(path: Path | None, digest: str | None = None, *, whole: bool = False) -> FramedPicture | None:
    """The picture in a file; None if it cannot be read or is no longer what was indexed (``digest``)."""
    if path is None:
        return None
    try:
        data = read_bytes(path)
        if digest and sha256(data) != digest:
            return None
        image = open_image(data) if whole else at_most(open_image(data, fit=SIDE), MOST_SIDE)
        return FramedPicture.of(image)
    except ImageError:
        return None
