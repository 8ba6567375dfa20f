"""Photos by what is in their files: the hashes of many, and which point of the index one of them was before."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

from indexer.errors import ImageError
from indexer.photos.fetch.many.bounds import TOGETHER
from indexer.photos.fetch.many.sources import is_remote
from indexer.photos.fingerprints import sha256
from indexer.photos.places import Place
from indexer.store.records import Point
from indexer.sync.photo import Wanted
from indexer.sync.planning.names import id_of, path_of
from indexer.system.names import composed
from indexer.system.progress import EVERY, Progress


class Hashing:
    """Takes the content hashes of photos on several cores, and says how far it is."""

    def __init__(self, workers: int, progress: Progress | None) -> None:
        self._workers, self._progress = max(1, workers), progress

    def of(self, places: list[Place]) -> list[str | None]:
        """Each photo's content hash; None where it cannot be read, which the embedding stage will report."""
        hashes: list[str | None] = []
        threads = max(self._workers, TOGETHER) if any(map(is_remote, places)) else self._workers
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(places), EVERY):  # what was handed to a pool takes more memory than its result
                if self._progress:
                    self._progress("Hashing", start, len(places))
                hashes += pool.map(_hash, places[start : start + EVERY])
        return hashes


def _hash(place: Place) -> str | None:
    try:
        return sha256(place.read())
    except ImageError:
        return None


class Sources:
    """Points that leave the index, to be found by the content of their photos; each is given out once, the last of a
    content as often as it is asked for.

    They are looked up and not searched: thousands of products may share one picture, such as a "no image".
    """

    def __init__(self, points: Iterable[Point]) -> None:
        self._left: dict[str, dict[str, Point]] = defaultdict(dict)
        self._called: dict[tuple[str, str | None, str | None], deque[Point]] = defaultdict(deque)
        for point in points:
            content = point.payload["photo"]["sha256"]
            self._left[content][point.id] = point
            for product, name in _names(id_of(point), path_of(point)):
                self._called[content, product, name].append(point)

    def take(self, content: str, wanted: Wanted) -> Point | None:
        """That which most likely became this photo: of its product and name, else its product, else its name."""
        left = self._left.get(content)
        if not left:
            return None
        best = next(iter(left.values()))
        for product, name in _names(wanted.product_id, composed(wanted.image.key)):
            called = self._called.get((content, product, name), deque())
            while called and called[0].id not in left:
                called.popleft()
            if called:
                best = called[0]
                break
        if len(left) > 1:
            del left[best.id]
        return best


def _names(product: str, path: str) -> tuple[tuple[str | None, str | None], ...]:
    """What a photo is found by, the surest first."""
    name = PurePosixPath(path).name
    return (product, name), (product, None), (None, name)
