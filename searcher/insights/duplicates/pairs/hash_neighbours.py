"""Pairs whose perceptual hashes are near: what an embedding puts behind look-alikes, a grey or a noisy copy, is found.

Multi-index hashing (Norouzi, Punjani and Fleet, *Fast Search in Hamming Space with Multi-Index Hashing*, 2012): the
bits are dealt to a few bands, and only photos that agree in a whole band are compared, which all pairs that differ in
fewer bits than there are bands do, and most of those that differ in a few more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 64
BANDS = 6
WITHIN = 8
"""Bits that hashes differ by at the most: of copies that ten look-alikes hid, among 100,000 photos, nine in ten do."""
MOST = 2
"""Photos that are looked at for each photo."""
LONGEST = 2_000
"""Photos of one band's value that each is compared with: blank pictures share theirs by the thousand."""


def hash_neighbours(
    hashes: NDArray[np.uint64], vectors: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Pairs [p, 2] of some rows and, for each, the `MOST` of the others whose hashes are nearest, within `WITHIN` bits.

    Args:
        hashes: perceptual hashes of n photos, uint64 [n]; 0 where a photo has none.
        vectors: embeddings [n, dimension], unit length: of hashes that are equally near, the more alike photo counts.
        rows: those that are looked at.
    """
    rows = rows[hashes[rows] != 0]
    best = _Best(hashes[rows], vectors, rows)
    for band in range(BANDS):
        keys = band_of(best.hashes, band)
        order = np.lexsort((best.hashes, keys))
        keys, alive = keys[order], np.arange(len(rows))
        for step in range(1, LONGEST + 1):
            alive = alive[alive + step < len(rows)]
            alive = alive[keys[alive] == keys[alive + step]]
            if not len(alive):
                break
            best.offer(order[alive], order[alive + step])
    return best.pairs()


def band_of(hashes: NDArray[np.uint64], band: int) -> NDArray[np.uint64]:
    """Every `BANDS`-th bit: neighbouring ones say much the same, and would make few values of many photos."""
    made = np.zeros_like(hashes)
    for place, bit in enumerate(range(band, BITS, BANDS)):
        made |= ((hashes >> np.uint64(bit)) & np.uint64(1)) << np.uint64(place)
    return made


class _Best:
    """Of each photo the nearest others that were offered so far."""

    def __init__(self, hashes: NDArray[np.uint64], vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> None:
        self.hashes, self._vectors, self._rows = hashes, vectors, rows
        self._apart = np.full((len(rows), MOST), WITHIN + 1.0, np.float32)
        """Bits, plus less than one for what is less alike, nearest first."""
        self._near = np.full((len(rows), MOST), -1, np.int64)

    def offer(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
        """Pairs of places; neither side names a place twice."""
        bits = np.bitwise_count(self.hashes[first] ^ self.hashes[second])
        worth = bits < np.maximum(self._apart[first, -1], self._apart[second, -1])
        first, second = first[worth], second[worth]
        cosines = np.einsum("ij,ij->i", self._vectors[self._rows[first]], self._vectors[self._rows[second]])
        apart = (bits[worth] + (1 - cosines) / 2.01).astype(np.float32)
        self._keep(first, second, apart)
        self._keep(second, first, apart)

    def _keep(self, asked: NDArray[np.int64], found: NDArray[np.int64], apart: NDArray[np.float32]) -> None:
        better = (apart < self._apart[asked, -1]) & (self._near[asked] != found[:, None]).all(axis=1)
        asked, found, apart = asked[better], found[better], apart[better]
        distances = np.concatenate([self._apart[asked], apart[:, None]], axis=1)
        names = np.concatenate([self._near[asked], found[:, None]], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :MOST]
        self._apart[asked] = np.take_along_axis(distances, order, axis=1)
        self._near[asked] = np.take_along_axis(names, order, axis=1)

    def pairs(self) -> NDArray[np.int64]:
        """Rows of the photos that asked and of what is near them, [p, 2]."""
        asked = np.broadcast_to(self._rows[:, None], self._near.shape)
        return np.stack([asked[self._near >= 0], self._rows[self._near[self._near >= 0]]], axis=1)
