"""Pairs whose perceptual hashes are near once one picture is turned by quarters, or turned upside down in a mirror.

A hash is made of the signs of a picture's low frequencies, and what a turn does to these is known: rows and columns
change places, and odd frequencies change their sign (Zauner, *Implementation and Benchmarking of Perceptual Image Hash
Functions*, 2010, hashes; the symmetries are the discrete cosine transform's own). So the hash that a picture would have
if it were turned is read off the one that it has, but for the few bits that lie beside the median: of 240 real photos
half differ in 2 bits or fewer, nineteen in twenty in 8. As a hash is taken of a square, proportions do not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.answers import Evidence
from searcher.insights.duplicates.pairs.hash_neighbours import BANDS, BITS, band_of

SIDE = 8
WITHIN = 11
"""Bits that hashes differ by at the most: two or three for the turn, and what else was done to the copy."""
MOST = 2
"""Photos that are looked at for each photo and each turn."""
LONGEST = 300
"""Photos of one band's value that each is compared with."""


class Turn(NamedTuple):
    """How one picture has to be laid to lie like another: mirrored or not, then quarter turns against the clock."""

    flipped: bool
    quarters: int

    @property
    def code(self) -> int:
        """As one number, 0 for a picture that lies as it is."""
        return 4 * self.flipped + self.quarters

    @property
    def back(self) -> Turn:
        """What undoes it; a turn of a mirrored picture is its own."""
        return self if self.flipped else Turn(False, -self.quarters % 4)


def turn_of(code: int) -> Turn:
    """The inverse of `Turn.code`."""
    return Turn(code >= 4, code % 4)


def code_of(evidence: Evidence | None) -> int:
    """How the second of two photos was turned to lie like the first; 0 where it was only mirrored, or nothing."""
    if evidence is None or not evidence.turned:
        return 0
    return Turn(evidence.flipped, evidence.turned // 90).code


LOOKED_FOR = (Turn(False, 1), Turn(False, 2), Turn(True, 1), Turn(True, 2), Turn(True, 3))
"""A turn by three quarters is the other photo's turn by one; what is only mirrored has a near embedding."""


def turned_hashes(hashes: NDArray[np.uint64], turn: Turn) -> NDArray[np.uint64]:
    """The perceptual hashes, uint64 [n], that pictures would have if they were turned, but for a few bits."""
    places = np.arange(BITS - 1, -1, -1, dtype=np.uint64)
    bits = ((hashes[:, None] >> places) & np.uint64(1)).astype(bool).reshape(-1, SIDE, SIDE)
    odd = np.arange(1, SIDE + 1) % 2 == 1
    if turn.flipped:
        bits = bits ^ odd[None, None, :]
    for _ in range(turn.quarters):
        bits = bits.transpose(0, 2, 1) ^ odd[None, :, None]
    return np.asarray((bits.reshape(-1, BITS) * (np.uint64(1) << places)).sum(axis=1, dtype=np.uint64))


def turned_neighbours(
    hashes: NDArray[np.uint64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs [p, 2] whose hashes are near once the second is turned, the smaller row first, and the codes of the turns.

    Args:
        hashes: perceptual hashes of n photos, uint64 [n]; 0 where a photo has none.
        rows: those that are looked at.
    """
    rows = rows[hashes[rows] != 0]
    own = hashes[rows]
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for turn in LOOKED_FOR:
        for first, second, bits in zip(*_near(own, turned_hashes(own, turn)), strict=True):
            a, b, code = int(rows[first]), int(rows[second]), turn.code
            if a > b:
                a, b, code = b, a, turn.back.code
            if (a, b) not in found or bits < found[a, b][0]:
                found[a, b] = (int(bits), code)
    pairs = np.array(list(found), np.int64).reshape(-1, 2)
    return pairs, np.array([code for _, code in found.values()], np.int64)


def _near(
    own: NDArray[np.uint64], turned: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Places of photos and, for each, of the `MOST` others that lie nearest when turned, and the bits between them."""
    firsts, seconds, apart = [], [], []
    for band in range(BANDS):
        keys, asked = band_of(own, band), band_of(turned, band)
        order = np.argsort(keys, kind="stable")
        start, end = (np.searchsorted(keys[order], asked, side) for side in ("left", "right"))
        alive = np.arange(len(turned))
        for step in range(LONGEST):
            alive = alive[start[alive] + step < end[alive]]
            if not len(alive):
                break
            other = order[start[alive] + step]
            bits = np.bitwise_count(own[other] ^ turned[alive]).astype(np.int64)
            good = (bits <= WITHIN) & (other != alive)
            firsts.append(other[good])
            seconds.append(alive[good])
            apart.append(bits[good])
    first, second, bits = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in (firsts, seconds, apart))
    order = np.lexsort((second, bits, first))
    first, second, bits = first[order], second[order], bits[order]
    new = np.ones(len(first), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])  # one pair may agree in several bands
    first, second, bits = first[new], second[new], bits[new]
    place = np.arange(len(first)) - np.searchsorted(first, first, "left")
    kept = place < MOST
    return first[kept], second[kept], bits[kept]
