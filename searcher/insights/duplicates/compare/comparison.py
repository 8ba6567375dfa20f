"""The close comparison: pictures of photos, their signatures, and pairs laid over each other, on every core."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np

from indexer.errors import MissingExtra
from indexer.system.forks import Lock
from indexer.system.machine import cores
from searcher.insights.duplicates.answers import Evidence, Photo
from searcher.insights.duplicates.compare.alignment import Alignment, align
from searcher.insights.duplicates.compare.blank import is_blank
from searcher.insights.duplicates.compare.features import CLOSE, compare_aligned
from searcher.insights.duplicates.compare.forms import Picture
from searcher.insights.duplicates.compare.frame import FramedPicture
from searcher.insights.duplicates.compare.pictures import Pictures
from searcher.insights.duplicates.compare.signature import Array, Signatures
from searcher.search.ground.published import Published

T = TypeVar("T")

KEPT = 300
"""Pictures in memory at once, half a megabyte each."""
CHUNK = 32
MANY = 200
"""From so many photos or pairs on, processes are worth the second that they take to start."""

Load = Callable[[Photo], FramedPicture | None]

_HERE: dict[str, Any] = {}
"""In a worker: its own comparison, made once."""


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


def comparison_of(published: Published) -> Comparison:
    """Compares pictures of a generation, for `Published.memo`; raises ``MissingExtra`` without opencv."""
    return Comparison(Pictures(published.local, published.catalog_root))


class Comparison:
    """Compares pairs of photos closely; the pictures used last are kept. It may be shared by threads."""

    def __init__(self, load: Load, *, workers: int = 0) -> None:
        require_opencv()
        self._load, self.workers = load, workers or cores()
        self._processes = Workers(load, self.workers)
        self._kept: OrderedDict[str, Picture | None] = OrderedDict()
        self._lock = Lock()

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
                made.empty[row] = is_blank(framed)

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
        """Features of an alignment, float32 [p, len(CLOSE)], and the evidence; NaN and None for what was not reached.

        Args:
            pairs: pairs that share their first photo should stand together.
            until: the moment, by ``time.monotonic``, from which no further pair is begun.
            given: pictures that are not photos of the index, by `Photo.id`.
        """
        if len(pairs) >= MANY and not given:
            parts = [(pairs[start : start + CHUNK], until) for start in range(0, len(pairs), CHUNK)]
            if (found := self._processes.run(compare_here, parts)) is not None:
                return np.concatenate([part for part, _ in found]), [one for _, part in found for one in part]
        rows = np.full((len(pairs), len(CLOSE)), np.nan, np.float32)
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
    measured = dict(zip(CLOSE, row.tolist(), strict=True))
    if np.isnan(measured["overlap"]):
        return Evidence()
    a, b, c, d, e, f = (round(float(x), 5) for x in laid.placement.ravel())
    return Evidence(
        matched_features=laid.inliers,
        transform=(a, b, c, d, e, f),
        flipped=laid.flipped,
        turned=90 * laid.turned or None,
        overlap=round(measured["overlap"], 4),
        colour_difference=round(float(np.hypot(measured["piece_median_l"], measured["piece_median_ab"])), 2),
    )


class Workers:
    """A pool of processes, started when it is first needed.

    Args:
        load: gives pictures; it is sent to the processes.
        count: how many.
    """

    def __init__(self, load: Load, count: int) -> None:
        self._load, self._count = load, count
        self._pool: ProcessPoolExecutor | None = None
        self.broken = count < 2

    def run(self, work: Callable[..., T], parts: Sequence[tuple[Any, ...]]) -> list[T] | None:
        """The results of ``work(*part)``, in order; None where processes cannot be had, and the caller does it itself.

        A worker cannot start where the main program cannot be imported again (a script piped into Python, or one
        without a ``__main__`` guard), and may be killed where memory is short.
        """
        if self.broken:
            return None
        try:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._count, mp_context=get_context("spawn"), initializer=_begin, initargs=(self._load,)
                )
            return [one.result() for one in [self._pool.submit(work, *part) for part in parts]]
        except BrokenProcessPool:
            self.broken = True
            self.close()
            return None

    def close(self) -> None:
        """End the processes; a later `run` starts others."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _begin(load: Load) -> None:
    _HERE["comparison"] = Comparison(load, workers=1)


def compare_here(pairs: Sequence[tuple[Photo, Photo]], until: float | None) -> tuple[Array, list[Evidence | None]]:
    """`Comparison.compare`, in a worker."""
    found: tuple[Array, list[Evidence | None]] = _HERE["comparison"].compare(pairs, until=until)
    return found


def signatures_here(photos: Sequence[Photo]) -> Signatures:
    """`Comparison.signatures`, in a worker."""
    made: Signatures = _HERE["comparison"].signatures(photos)
    return made
