"""Adds colours to what an index has without them: photos are looked at once more, but nothing is embedded again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from indexer.errors import ImageError
from indexer.models.preprocessing import Preprocessing
from indexer.photos.colour.palette import colours_of, no_colours
from indexer.photos.fingerprints import sha256
from indexer.photos.places import FilePlace, Place
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.records import Point
from indexer.sync.report import SyncReport
from indexer.system.progress import Progress, Telling

STAGE = "Measuring colours"
TOGETHER = 250
"""Points, with their vectors, that are in memory at a time."""


class Colouring:
    """Measures the colours of photos that are in an index, on several threads.

    Colours are those of the very bytes that the point's vector is of: where the file is another one now, or cannot be
    read, they are taken from the picture that a sync drew of it, which is compressed (a cosine of .997 to those of the
    file on photos of some size, of .97 on photos of 60 by 80). So are those of a photo behind an address, so that
    nothing is fetched for it.

    Args:
        preprocessing: what a photo goes through before the model of the index sees it.
        pictures: beside the index.
        places: of each point, the hash of its photo's file and where that is.
        workers: threads.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        pictures: ThumbnailStore,
        places: Callable[[Iterable[Point]], Iterable[tuple[str, Place]]],
        workers: int,
    ) -> None:
        self._preprocessing, self._pictures, self._places = preprocessing, pictures, places
        self._workers = workers

    def of(
        self,
        points: Iterator[Point],
        total: int,
        moved: Mapping[str, Place],
        report: SyncReport,
        progress: Progress,
    ) -> Iterator[Point]:
        """The same points with their colours.

        Args:
            points: with their vectors.
            total: how many there are.
            moved: by point id, where photos are that are not where the index has them any more.
            report: counts them, and notes how many could not be looked at.
            progress: see `Progress`.
        """
        unseen = 0
        with ThreadPoolExecutor(self._workers) as pool:
            for point in Telling(progress, STAGE, total).of(self._each(points, moved, pool)):
                if point.colour_vector is None:
                    unseen += 1
                    point = replace(point, colour_vector=no_colours())
                report.coloured += 1
                yield point
        if unseen:
            report.coloured -= unseen
            report.notes.append(f"photos that cannot be looked at now have no colours until they change: {unseen}")

    def _each(self, points: Iterator[Point], moved: Mapping[str, Place], pool: ThreadPoolExecutor) -> Iterator[Point]:
        while batch := list(islice(points, TOGETHER)):
            there = zip(batch, self._places(batch), strict=True)
            photos = [(digest, moved.get(point.id, place)) for point, (digest, place) in there]
            for point, colours in zip(batch, pool.map(self._measured, photos), strict=True):
                yield replace(point, colour_vector=colours)

    def _measured(self, photo: tuple[str, Place]) -> NDArray[np.float32] | None:
        digest, place = photo
        for look in (self._of_file, self._of_picture) if isinstance(place, FilePlace) else (self._of_picture,):
            try:
                return look(digest, place)
            except ImageError:
                continue
        return None

    def _of_file(self, digest: str, place: Place) -> NDArray[np.float32]:
        data = place.read()
        if sha256(data) != digest:
            raise ImageError("is another photo now")
        return colours_of(self._preprocessing.load(data))

    def _of_picture(self, digest: str, _: Place) -> NDArray[np.float32]:
        picture = self._pictures.find(digest)
        if picture is None:
            raise ImageError("has no picture")
        return colours_of(self._preprocessing.load(picture))
