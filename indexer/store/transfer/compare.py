"""Whether two generations hold the same points: one pass over both in order of id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreError
from indexer.store.records import VECTOR_NAME, VECTOR_NAMES, Point, VectorName, vector_of
from indexer.store.tally import PointSource, Tally, payload_text
from indexer.system.progress import Progress


class Kind(Enum):
    """How a point of the target departs from the source's."""

    MISSING = "missing"
    CHANGED = "different"
    EXTRA = "not in the source"


@dataclass(frozen=True, slots=True)
class Verified:
    """Two sets of points that are the same, within the tolerance that was allowed for vectors."""

    points: int
    checksum: str
    """Of the source."""
    bit_for_bit: bool


def is_same(one: Point, other: Point, tolerance: float) -> bool:
    """Equal payloads, and vectors that differ by no more than ``tolerance`` anywhere; 0 means bit for bit."""
    if payload_text(one.payload) != payload_text(other.payload):
        return False
    return all(_is_near_by(name, one, other, tolerance) for name in VECTOR_NAMES)


def _is_near_by(name: VectorName, one: Point, other: Point, tolerance: float) -> bool:
    left, right = vector_of(one, name), vector_of(other, name)
    if name != VECTOR_NAME and left is None and right is None:
        return True
    return _is_near(left, right, tolerance)


def _is_near(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None, tolerance: float) -> bool:
    if one is None or other is None or one.shape != other.shape:
        return False
    if one.tobytes() == other.tobytes():
        return True
    return tolerance > 0 and float(np.abs(one - other).max()) <= tolerance


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
