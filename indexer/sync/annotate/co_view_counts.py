"""Item-to-item co-view counts: which products are looked at in the same sessions, more often than chance has it.

After Linden, Smith and York, *Amazon.com Recommendations: Item-to-Item Collaborative Filtering* (IEEE Internet
Computing 7(1), 2003, pages 76-80): products are vectors over sessions, and their likeness is the cosine. With a 1 for
"was looked at", that is c_ij / sqrt(n_i n_j): sessions with both over the geometric mean of the sessions with each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SESSION_CAP = 50
"""Distinct products of a session that count, the latest ones: a crawler that sees all N would make N²/2 pairs."""
TOP = 50
"""Co-viewed products kept for each product."""
DIGITS = 4
CHUNK = 4_000_000
"""Pairs handled at a time; bounds the memory, not the result."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CoViewTable:
    """For every product the products viewed with it, best first, one after the other in flat arrays."""

    starts: Ints
    """[products + 1] where each product's rows begin."""
    others: Ints
    counts: Ints
    scores: NDArray[np.float64]
    sessions: int
    """Distinct sessions."""
    capped: int
    """Sessions with more distinct products than are counted."""

    @property
    def products(self) -> int:
        """Products that have at least one other."""
        return int(np.count_nonzero(np.diff(self.starts)))


def count_co_views(
    sessions: Ints, products: Ints, times: NDArray[np.float64], number: int, *, min_count: int = 1, chunk: int = CHUNK
) -> CoViewTable:
    """Count over all sessions; a product viewed twice in a session counts once, at its latest time.

    Args:
        sessions: [n] the session of each view, any 64-bit number.
        products: [n] its product, 0 … number - 1.
        times: [n] its time; of equal times the later row is the later view.
        number: of products in all.
        min_count: pairs seen in fewer sessions are left out.
        chunk: pairs handled at a time.
    """
    rows, products, capped = _capped(sessions, products, times)
    each = np.bincount(products, minlength=number)
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]]) if rows.size else np.empty(0, np.int64)
    keys, counts = _merged(_pairs(starts, np.diff(np.r_[starts, rows.size]), products, number, chunk))
    keep = counts >= min_count
    lists = list(_best(keys[keep], counts[keep], each, number, chunk))
    sizes, others, kept, scores = (np.concatenate(parts) for parts in zip(*lists, strict=True))
    return CoViewTable(np.r_[0, np.cumsum(sizes)], others, kept, scores, len(starts), capped)


def _capped(sessions: Ints, products: Ints, times: NDArray[np.float64]) -> tuple[Ints, Ints, int]:
    """Sessions and products, each pair once, by session; only the latest products of long sessions."""
    order = np.lexsort((times, products, sessions))  # stable: of equal times the later row stays the later
    sessions, products, times = sessions[order], products[order], times[order]
    last = np.r_[(sessions[1:] != sessions[:-1]) | (products[1:] != products[:-1]), True][: sessions.size]
    sessions, products, times = sessions[last], products[last], times[last]
    order = np.lexsort((-order[last], -times, sessions))
    sessions, products = sessions[order], products[order]
    begins = np.r_[True, sessions[1:] != sessions[:-1]][: sessions.size]
    place = np.arange(sessions.size)
    place -= np.maximum.accumulate(np.where(begins, place, 0))
    latest = place < SESSION_CAP
    return sessions[latest], products[latest], int(np.count_nonzero(place == SESSION_CAP))


def _pairs(starts: Ints, sizes: Ints, products: Ints, number: int, chunk: int) -> Iterator[Ints]:
    """Every pair of every session as one number, low · number + high, in chunks."""
    for size in np.unique(sizes[sizes > 1]):
        one, other = np.triu_indices(size, 1)
        of_size = starts[sizes == size]
        step = max(1, chunk // len(one))
        for begin in range(0, len(of_size), step):
            table = products[of_size[begin : begin + step, None] + np.arange(size)]
            left, right = table[:, one].ravel(), table[:, other].ravel()
            yield np.minimum(left, right) * number + np.maximum(left, right)


def _merged(chunks: Iterator[Ints]) -> tuple[Ints, Ints]:
    """Distinct keys, sorted, with their counts. Runs of like size are merged, so that no key moves often."""
    runs: list[tuple[Ints, Ints]] = []
    for chunk in chunks:
        runs.append(_distinct(chunk, np.ones(len(chunk), np.int64)))
        while len(runs) > 1 and len(runs[-1][0]) * 2 >= len(runs[-2][0]):
            runs.append(_joined([runs.pop(), runs.pop()]))
    return _joined(runs)


def _joined(runs: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    empty = np.empty(0, np.int64)
    return _distinct(
        np.concatenate([empty, *(keys for keys, _ in runs)]), np.concatenate([empty, *(counts for _, counts in runs)])
    )


def _distinct(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    begins = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: keys.size])
    return keys[begins], np.add.reduceat(counts, begins) if keys.size else counts


def _best(
    keys: Ints, counts: Ints, each: Ints, number: int, chunk: int
) -> Iterator[tuple[Ints, Ints, Ints, NDArray[np.float64]]]:
    """For blocks of products: how many others each has, and these others with counts and scores, best first."""
    low, high = np.divmod(keys, max(number, 1))
    blocks = 1 + keys.size * 2 // chunk
    edges = np.linspace(0, number, blocks + 1).astype(np.int64)
    for first, after in pairwise(edges):
        forth = slice(*np.searchsorted(low, [first, after]))
        back = np.flatnonzero((high >= first) & (high < after))
        mine = np.concatenate([low[forth], high[back]])
        others = np.concatenate([high[forth], low[back]])
        both = np.concatenate([counts[forth], counts[back]])
        scores = both / np.sqrt(each[mine].astype(np.float64) * each[others])
        order = np.lexsort((others, -both, -scores, mine))
        mine, others, both, scores = mine[order], others[order], both[order], scores[order]
        sizes = np.bincount(mine - first, minlength=int(after - first))
        top = np.arange(mine.size) - np.repeat(np.cumsum(sizes) - sizes, sizes) < TOP
        yield np.minimum(sizes, TOP), others[top], both[top], scores[top]
