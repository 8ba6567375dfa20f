"""The close comparison: pictures of photos, their signatures, and pairs laid over each other, on every core."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np

from indexer.errors import ImageError, MissingExtra
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image, read_bytes
from indexer.photos.thumbnails import SIDE, ThumbnailStore, original_of
from indexer.system.machine import cores
from searcher.duplicates.alignment import Alignment, Picture, align
from searcher.duplicates.answers import Evidence, Photo
from searcher.duplicates.features import ALIGNED, compare_aligned
from searcher.duplicates.frame import FramedPicture, at_most
from searcher.duplicates.signature import Array, Signatures
from searcher.duplicates.workers import Workers, compare_here, signatures_here

KEPT = 300
"""Pictures in memory at once, half a megabyte each."""
MOST_SIDE = 4 * SIDE
"""Pixels of the longer side that a picture keeps: a photo on a phone's screen may be a third of it."""
CHUNK = 32
MANY = 200
"""From so many photos or pairs on, processes are worth the second that they take to start."""

Load = Callable[[Photo], FramedPicture | None]


class Pictures:
    """Loads pictures of photos: the thumbnail that a sync left, or the original; None where neither is there."""

    def __init__(self, local: Path, catalog_root: Path) -> None:
        self._thumbnails, self._root = ThumbnailStore(local), catalog_root

    def __call__(self, photo: Photo) -> FramedPicture | None:
        """A picture of at least `SIDE` pixels, if the photo has as many.

        The original is taken where there is no thumbnail, and of what a screen or margins surround: scaled with the
        whole screen, a thin chain in the photo no longer follows its copies.
        """
        thumbnail = _opened(self._thumbnails.find(photo.sha256))
        if thumbnail is not None and not thumbnail.is_framed:
            return thumbnail
        return _opened(original_of(self._root, photo.path), photo.sha256) or thumbnail


def _opened(path: Path | None, digest: str | None = None) -> FramedPicture | None:
    """The picture in a file, and none if it cannot be read or is no longer what was indexed (``digest``)."""
    if path is None:
        return None
    try:
        data = read_bytes(path)
        if digest and sha256(data) != digest:
            return None
        return FramedPicture.of(at_most(open_image(data, fit=SIDE), MOST_SIDE))
    except ImageError:
        return None


def require_opencv() -> None:
    """Say what to install, before any work; raises ``MissingExtra``."""
    try:
        import cv2
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise MissingExtra("opencv-python-headless", "reports") from None
    # Pairs run side by side: threads within one only get in their way. Where another process has the second core, a
    # product of two small matrices waits for it, 15 ms instead of a fifth of one.
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")


class Comparison:
    """Compares pairs of photos closely; the pictures used last are kept. It may be shared by threads."""

    def __init__(self, load: Load, *, workers: int = 0) -> None:
        require_opencv()
        self._load, self.workers = load, workers or cores()
        self._processes = Workers(load, self.workers)
        self._kept: OrderedDict[str, Picture | None] = OrderedDict()
        self._lock = threading.Lock()

    def signatures(self, photos: Sequence[Photo]) -> Signatures:
        """Signatures of photos, in their order."""
        if len(photos) >= MANY:
            parts = [(photos[start : start + CHUNK],) for start in range(0, len(photos), CHUNK)]
            if (found := self._processes.run(signatures_here, parts)) is not None:
                return Signatures.joined(found)
        made = Signatures.blank(len(photos))

        def take(row: int) -> None:
            if (framed := self._load(photos[row])) is not None:
                made.put(row, framed)

        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(take, range(len(photos))))
        return made

    def compare(
        self,
        pairs: Sequence[tuple[Photo, Photo]],
        *,
        until: float | None = None,
        given: Mapping[str, Picture] | None = None,
    ) -> tuple[Array, list[Evidence | None]]:
        """Features of an alignment, float32 [p, len(ALIGNED)], and the evidence; NaN and None for what was not reached.

        Args:
            pairs: pairs that share their first photo should stand together.
            until: the moment, by ``time.monotonic``, from which no further pair is begun.
            given: pictures that are no photos of the index, by `Photo.id`.
        """
        if len(pairs) >= MANY and not given:
            parts = [(pairs[start : start + CHUNK], until) for start in range(0, len(pairs), CHUNK)]
            if (found := self._processes.run(compare_here, parts)) is not None:
                return np.concatenate([part for part, _ in found]), [one for _, part in found for one in part]
        rows = np.full((len(pairs), len(ALIGNED)), np.nan, np.float32)
        evidence: list[Evidence | None] = [None] * len(pairs)
        own = given or {}

        def work(places: list[int]) -> None:
            for place in places:
                if until is not None and time.monotonic() >= until:
                    return
                first, second = (own.get(photo.id) or self._picture(photo) for photo in pairs[place])
                if first is None or second is None:
                    continue
                laid = align(first, second)
                rows[place] = compare_aligned(laid)
                evidence[place] = _evidence(laid, rows[place])

        if own:  # one photo asks: its pairs are shared out among the workers
            runs = [[place] for place in range(len(pairs))]
        else:
            runs = [list(run) for _, run in groupby(range(len(pairs)), key=lambda place: pairs[place][0].id)]
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(work, runs))
        return rows, evidence

    def close(self) -> None:
        """End the processes that large comparisons started."""
        self._processes.close()

    def _picture(self, photo: Photo) -> Picture | None:
        key = photo.sha256 or photo.id
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        framed = self._load(photo)
        picture = None if framed is None else Picture(framed)
        with self._lock:
            self._kept[key] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture


def _evidence(laid: Alignment, row: Array) -> Evidence:
    measured = dict(zip(ALIGNED, row.tolist(), strict=True))
    if np.isnan(measured["overlap"]):
        return Evidence()
    a, b, c, d, e, f = (round(float(x), 5) for x in laid.placement.ravel())
    return Evidence(
        matched_features=laid.inliers,
        transform=(a, b, c, d, e, f),
        flipped=laid.flipped,
        overlap=round(measured["overlap"], 4),
        colour_difference=round(float(np.hypot(measured["piece_median_l"], measured["piece_median_ab"])), 2),
    )
