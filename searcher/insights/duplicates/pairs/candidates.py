"""Which pairs of photos are worth a look: each photo's nearest neighbours, asked of the engine in batches.

The embedding of a screenshot is that of a screenshot. What a picture frames is therefore looked for once more, among
the small colour grids of all photos.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from indexer.models.vectors import unit
from indexer.store.filters.tree import Filter
from indexer.store.interface import Store
from searcher.insights.duplicates.compare.signature import Signatures
from searcher.insights.duplicates.pairs.photo_table import PhotoTable

NEIGHBOURS = 10
"""Nearest different pictures of each photo that are looked at."""
BATCH = 250
MOST = 320
"""Photos that are asked for at the most, where one picture stands for very many products."""
WITHIN_FRAME = 4
"""Photos that are looked at for each photo with something around it."""
MOST_FRAMED = 2_000
"""Where more photos are framed, it is the catalog's way, and their embeddings agree on it."""
_BLOCK = 8_192
CLOSEST = 0.002
"""Added to distances of embeddings, 1 - cosine, before they are divided."""
FIFTH = 4
"""The neighbour that says how crowded a photo's surroundings are."""


@dataclass(frozen=True)
class Neighbours:
    """Nearest pictures of some photos of a table, best first. Of identical photos only one stands for all."""

    rows: NDArray[np.int64]
    """The photos that asked, [m]."""
    near: NDArray[np.int64]
    """Rows of the table, [m, k]; -1 where there are fewer."""
    cosines: NDArray[np.float32]
    """[m, k]; -1 where there is no neighbour."""


def neighbours(
    store: Store, table: PhotoTable, rows: NDArray[np.int64], *, where: Filter | None = None, k: int = NEIGHBOURS
) -> Neighbours:
    """The k nearest different pictures of some rows: one batch, so that n photos never make n x n pairs.

    A list that fills with identical photos, of the asking one or of one another, is asked for again and longer.
    """
    near, cosines = np.full((len(rows), k), -1, np.int64), np.full((len(rows), k), -1.0, np.float32)
    left, width = np.arange(len(rows)), k + 1
    while len(left):
        answers = store.search(table.vectors[rows[left]], limit=width, where=where, fields=[])
        again = []
        for place, hits in zip(left, answers, strict=True):
            found: dict[int, float] = {}
            for hit in hits:
                row = table.row_of.get(hit.id)
                if row is not None and (node := int(table.alike[row])) != table.alike[rows[place]]:
                    found.setdefault(node, hit.score)
            best = list(found.items())[:k]
            near[place, : len(best)] = [row for row, _ in best]
            cosines[place, : len(best)] = [score for _, score in best]
            if len(best) < k and len(hits) == width < MOST:
                again.append(place)
        left, width = np.array(again, np.int64), min(MOST, 4 * width)
    return Neighbours(rows, near, cosines)


@dataclass(frozen=True)
class Candidates:
    """Pairs of near neighbours, each once, and how crowded each photo's surroundings are."""

    pairs: NDArray[np.int64]
    """Rows of the table, [p, 2], the smaller first."""
    cosines: NDArray[np.float32]
    ranks: NDArray[np.float32]
    """The better place of one in the other's list, from 0, [p]."""
    fifth: NDArray[np.float32]
    """Of each photo of the table the cosine of its fifth neighbour, [n]; NaN where it did not ask or has fewer."""
    turns: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """How the second photo may have to be turned to lie like the first, [p]; see `pairs.turned_hashes`. 0: not, which
    none given stands for."""

    def __post_init__(self) -> None:
        if len(self.turns) != len(self.pairs):
            object.__setattr__(self, "turns", np.zeros(len(self.pairs), np.int64))

    @classmethod
    def of(cls, table: PhotoTable, batches: list[Neighbours]) -> Candidates:
        """All pairs of all batches."""
        rows = np.concatenate([batch.rows for batch in batches])
        near = np.concatenate([batch.near for batch in batches])
        cosines = np.concatenate([batch.cosines for batch in batches])
        place = min(FIFTH, cosines.shape[1] - 1)
        fifth = np.full(len(table), np.nan, np.float32)
        fifth[rows] = np.where(near[:, place] >= 0, cosines[:, place], np.nan)
        present = near >= 0
        first, second = np.broadcast_to(rows[:, None], near.shape)[present], near[present]
        rank = np.broadcast_to(np.arange(near.shape[1]), near.shape)[present]
        low, high = np.minimum(first, second), np.maximum(first, second)
        order = np.lexsort((rank, high, low))
        low, high = low[order], high[order]
        new = np.ones(len(low), bool)
        new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        pairs = np.stack([low, high], axis=1)[new]
        return cls(pairs, cosines[present][order][new], rank[order][new].astype(np.float32), fifth)

    def with_pairs(self, table: PhotoTable, pairs: NDArray[np.int64]) -> Candidates:
        """These and further pairs of rows [m, 2] that no search proposed; they rank behind all that one did."""
        if not len(pairs):
            return self
        ordered = np.unique(np.sort(pairs, axis=1), axis=0)
        numbers, known = (rows[:, 0] * len(table) + rows[:, 1] for rows in (ordered, self.pairs))
        fresh = ordered[(ordered[:, 0] != ordered[:, 1]) & ~np.isin(numbers, known)]
        if not len(fresh):
            return self
        cosines = (table.vectors[fresh[:, 0]] * table.vectors[fresh[:, 1]]).sum(axis=1)
        return Candidates(
            np.concatenate([self.pairs, fresh]),
            np.concatenate([self.cosines, cosines]),
            np.concatenate([self.ranks, np.full(len(fresh), NEIGHBOURS, np.float32)]),
            self.fifth,
            np.concatenate([self.turns, np.zeros(len(fresh), np.int64)]),
        )

    def with_turned(self, table: PhotoTable, pairs: NDArray[np.int64], turns: NDArray[np.int64]) -> Candidates:
        """These and pairs [m, 2], the smaller row first, that look alike once the second is turned: codes, [m]."""
        if not len(pairs):
            return self
        made = self.with_pairs(table, pairs)
        numbers = pairs[:, 0] * len(table) + pairs[:, 1]
        order = np.argsort(numbers)
        known = made.pairs[:, 0] * len(table) + made.pairs[:, 1]
        place = np.minimum(np.searchsorted(numbers[order], known), len(numbers) - 1)
        same = numbers[order][place] == known
        return replace(made, turns=np.where(same, turns[order][place], made.turns))

    def without(self, left_out: NDArray[np.bool_]) -> Candidates:
        """Those of which neither photo is among the rows left out, [n]."""
        return self._kept(np.asarray(~left_out[self.pairs].any(axis=1)))

    def without_pairs(self, left_out: NDArray[np.bool_]) -> Candidates:
        """Those that are not among the pairs left out, [p]."""
        return self._kept(~left_out) if left_out.any() else self

    def _kept(self, kept: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.pairs[kept], self.cosines[kept], self.ranks[kept], self.fifth, self.turns[kept])


def within_frames(signatures: Signatures, rows: NDArray[np.int64], k: int = WITHIN_FRAME) -> NDArray[np.int64]:
    """Pairs [p, 2] of the framed photos and, for each, the k whose colour grids follow its own best.

    Args:
        signatures: of the table's photos.
        rows: those that are looked at, each a node of the search (see `PhotoTable.alike`).
    """
    rows = rows[signatures.present[rows]]
    framed = rows[signatures.framed[rows]]
    if not 0 < len(framed) <= MOST_FRAMED:
        return np.empty((0, 2), np.int64)
    own = _unit(signatures.whole[framed])
    best, near = np.full((len(framed), k), -1.0, np.float32), np.full((len(framed), k), -1, np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        likeness = own @ _unit(signatures.whole[block]).T
        likeness[framed[:, None] == block[None, :]] = -1.0
        both, names = np.concatenate([best, likeness], axis=1), np.broadcast_to(block, likeness.shape)
        order = np.argpartition(-both, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(both, order, axis=1)
        near = np.take_along_axis(np.concatenate([near, names], axis=1), order, axis=1)
    first = np.broadcast_to(framed[:, None], near.shape)
    return np.stack([first[near >= 0], near[near >= 0]], axis=1)


def _unit(grids: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grids [n, h, w, 3] as vectors of unit length whose channels have a mean of 0, [n, h·w·3]."""
    levels = grids.astype(np.float32)
    return unit((levels - levels.mean(axis=(1, 2), keepdims=True)).reshape(len(levels), -1), least=1e-6)


def known_of(
    cosines: NDArray[np.float32],
    fifth: tuple[NDArray[np.float32], NDArray[np.float32]],
    ranks: NDArray[np.float32],
    hashes: tuple[NDArray[np.uint64], NDArray[np.uint64]],
) -> NDArray[np.float32]:
    """What is known of p pairs before a picture is looked at, [p, len(KNOWN)]; see `compare.features`.

    Args:
        cosines: of the embeddings.
        fifth: for the first and the second photos the cosine of their fifth neighbours; NaN where it is not known.
        ranks: the better place of one in the other's list.
        hashes: perceptual hashes of the first and the second photos.
    """
    shares = np.stack([(1 - cosines + CLOSEST) / (1 - one + CLOSEST) for one in fifth], axis=1)
    shares.sort(axis=1)
    # NaN sorts last: of a photo that did not ask the other's share stands for both.
    shares = np.where(np.isnan(shares), shares[:, :1], shares)
    bits = np.bitwise_count(hashes[0] ^ hashes[1])
    return np.stack([shares[:, 1], shares[:, 0], ranks, bits], axis=1).astype(np.float32)
