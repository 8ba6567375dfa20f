"""How many points there are and a checksum over them: whether two engines, or a file, hold the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.fields.types import Payload
from indexer.store.filters.tree import Filter
from indexer.store.records import EngineFiles, GenerationRecord, Point
from indexer.system.progress import EVERY

_MODULUS = 1 << 128


class PointSource(Protocol):
    """What points can be copied from: a generation of either engine, or a file of them."""

    @property
    def record(self) -> GenerationRecord:
        """What the points were made from."""

    @property
    def files(self) -> EngineFiles | None:
        """Where it lies as files that never change once published; None where they are not on this machine."""

    def count(self, where: Filter | None = None) -> int:
        """How many there are."""

    def scroll(self, where: Filter | None = None, *, vectors: bool = False) -> Iterator[Point]:
        """All of them, in order of id."""


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
        if point.colour_vector is not None:
            parts += [b"colour", _bytes(point.colour_vector)]
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


def holds(source: PointSource, points: int, checksum: str) -> bool:
    """Whether these are the points that were counted before."""
    found = tally(source)
    return (found.count, found.checksum) == (points, checksum)


def payload_text(payload: Payload) -> str:
    """A payload as JSON that does not depend on the order of its fields."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _bytes(vector: NDArray[np.float32] | None) -> bytes:
    return b"" if vector is None else np.asarray(vector, "<f4").tobytes()
