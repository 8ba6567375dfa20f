"""Whether two generations hold the same points: one pass over both in order of id, counts and checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreError
from indexer.fields.types import Payload
from indexer.store.filters.tree import Filter
from indexer.store.records import GenerationRecord, Point
from indexer.system.progress import Progress

_MODULUS = 1 << 128
EVERY = 1000
"""Points between two looks at the progress."""


class PointSource(Protocol):
    """What points can be copied from: a generation of either engine, or a file of them."""

    @property
    def record(self) -> GenerationRecord:
        """What the points were made from."""

    def count(self, where: Filter | None = None) -> int:
        """How many there are."""

    def scroll(self, where: Filter | None = None, *, vectors: bool = False) -> Iterator[Point]:
        """All of them, in order of id."""


class Kind(Enum):
    """How a point of the target departs from the source's."""

    MISSING = "missing"
    CHANGED = "different"
    EXTRA = "not in the source"


class Tally:
    """Counts points that pass by and sums their digests, so that the order does not matter.

    A sum modulo 2^128 and not an exclusive or: a point that came twice would cancel itself out of the latter
    (Bellare and Micciancio, *A New Paradigm for Collision-Free Hashing*, Eurocrypt 1997, compare the two).
    """

    def __init__(self) -> None:
        self.count, self._sum = 0, 0

    def watch(self, points: Iterable[Point], notice: Callable[[int], None] | None = None) -> Iterator[Point]:
        """The same points; ``notice`` is told the count now and then."""
        for point in points:
            self.add(point)
            if notice and self.count % EVERY == 0:
                notice(self.count)
            yield point

    def add(self, point: Point) -> None:
        """Count one point with its vector."""
        self.count += 1
        digest = hashlib.blake2b(digest_size=16)
        parts = [point.id.encode(), payload_text(point.payload).encode(), _bytes(point.vector)]
        if point.text_vector is not None:
            parts.append(_bytes(point.text_vector))
        for part in parts:
            digest.update(len(part).to_bytes(8, "little") + part)
        self._sum = (self._sum + int.from_bytes(digest.digest(), "little")) % _MODULUS

    @property
    def checksum(self) -> str:
        """Over ids, payloads and the bytes of the vectors: 32 hexadecimal digits."""
        return f"{self._sum:032x}"


def tally(source: PointSource) -> Tally:
    """Count and checksum of all points."""
    found = Tally()
    for _ in found.watch(source.scroll(vectors=True)):
        pass
    return found


@dataclass(frozen=True, slots=True)
class Verified:
    """Two sets of points that are the same, within the tolerance that was allowed for vectors."""

    points: int
    checksum: str
    """Of the source."""
    bit_for_bit: bool


def payload_text(payload: Payload) -> str:
    """A payload as JSON that does not depend on the order of its fields."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def is_same(one: Point, other: Point, tolerance: float) -> bool:
    """Equal payloads, and vectors that differ by no more than ``tolerance`` anywhere; 0 means bit for bit."""
    if payload_text(one.payload) != payload_text(other.payload):
        return False
    if one.text_vector is not None or other.text_vector is not None:
        return _is_near(one.vector, other.vector, tolerance) and _is_near(one.text_vector, other.text_vector, tolerance)
    return _is_near(one.vector, other.vector, tolerance)


def _is_near(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None, tolerance: float) -> bool:
    if one is None or other is None or one.shape != other.shape:
        return False
    if one.tobytes() == other.tobytes():
        return True
    return tolerance > 0 and float(np.abs(one - other).max()) <= tolerance


def _bytes(vector: NDArray[np.float32] | None) -> bytes:
    return b"" if vector is None else np.asarray(vector, "<f4").tobytes()


def differences(
    wanted: Iterator[Point], found: Iterator[Point], tolerance: float = 0.0
) -> Iterator[tuple[Kind, Point]]:
    """What has to change in ``found`` to make it ``wanted``; both in order of id and with vectors.

    Missing and changed points are given as they are wanted, extra ones as they were found.
    """
    left, right = next(wanted, None), next(found, None)
    while left is not None or right is not None:
        if left is not None and (right is None or left.id < right.id):
            yield Kind.MISSING, left
            left = next(wanted, None)
        elif right is not None and (left is None or right.id < left.id):
            yield Kind.EXTRA, right
            right = next(found, None)
        elif left is not None and right is not None:
            if not is_same(left, right, tolerance):
                yield Kind.CHANGED, left
            left, right = next(wanted, None), next(found, None)


def verify(
    source: PointSource, target: PointSource, where: str, tolerance: float = 0.0, progress: Progress | None = None
) -> Verified:
    """Compare a copy with its source, point by point.

    Raises:
        StoreError: a point is missing, different or too many; names the first one.
    """
    theirs, ours, total = Tally(), Tally(), source.count()
    notice = (lambda done: progress("Checking", done, total)) if progress else None
    wanted = theirs.watch(source.scroll(vectors=True), notice)
    for kind, point in differences(wanted, ours.watch(target.scroll(vectors=True)), tolerance):
        raise StoreError(
            f"{where}: point {point.id} is {kind.value} after copying; nothing was published: run the command again"
        )
    counts = {theirs.count, ours.count, total, target.count()}
    if len(counts) > 1:
        raise StoreError(f"{where}: counts differ after copying ({sorted(counts)}); nothing was published: run again")
    return Verified(theirs.count, theirs.checksum, theirs.checksum == ours.checksum)
