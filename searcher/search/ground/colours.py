"""Looks and colours in one vector: its cosine is the score of both, weighted, and every kind of question takes it.

Of unit vectors v (looks) and c (colours), [√(1-w)·v, √w·c] is one too, and the cosine of two such is (1-w) times the
cosine of the looks plus w times that of the colours. No engine holds these, as w comes with the question. Candidates
are therefore taken from both lists, by looks and by colours, each best first, deep enough that none which is in neither
can belong to the answer: Fagin, Lotem and Naor, *Optimal Aggregation Algorithms for Middleware* (PODS 2001), whose
threshold this is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.store.filters.tree import Filter
from indexer.store.interface import Store
from indexer.store.records import COLOUR_VECTOR_NAME, VECTOR_NAME, Hit, Point, VectorName
from searcher.search.ground.candidate import DECIMALS, Candidate
from searcher.search.ground.nearest import APIECE, ENGINE_ERROR, PHOTOS_A_PRODUCT, SPARE, best_photos, first_of_each
from searcher.search.ground.per import PER_PRODUCT, Per, of_first_units

BOTH: tuple[VectorName, ...] = (VECTOR_NAME, COLOUR_VECTOR_NAME)
"""The vectors that candidates need."""
LEAST = 128
"""Photos that each list is asked for at first: to ask again costs more than as many."""
MOST = 16_384
"""Photos beyond which no list is asked for more: what is found by then is the answer."""
DEEPER = 4
SHORTEST = 1e-3
"""A half of a query whose examples cancel each other out has no direction, and no list."""

Vectors = NDArray[np.float32]


def mixed(looks: Vectors, colours: Vectors, weight: float) -> Vectors:
    """Looks [n, dimension] and colours [n, colours] as one, [n, dimension + colours], of unit length as they are."""
    parts = math.sqrt(1.0 - weight) * looks.astype(np.float64), math.sqrt(weight) * colours.astype(np.float64)
    both: Vectors = np.concatenate(parts, axis=1).astype(np.float32)
    return both


def nearest_with_colours(
    store: Store,
    vectors: Vectors,
    weight: float,
    k: int,
    where: Filter | None = None,
    *,
    exact: bool = False,
    photos_a_product: float = PHOTOS_A_PRODUCT,
    per: Per = PER_PRODUCT,
) -> list[Candidate]:
    """`nearest_products` by looks and colours.

    Args:
        store: one generation, which has colours.
        vectors: what is asked with, as `mixed` makes them, [m, dimension + colours].
        weight: of the colours, above 0 and at most 1; it has to be that of the vectors.
        k: products, or groups, wanted.
        where: the filter.
        exact: compare the looks with those of every photo too; colours always are.
        photos_a_product: see `nearest_products`.
        per: what is wanted k of.
    """
    photos = k * photos_a_product * SPARE * min(1.0, APIECE / len(vectors))
    limit, points = min(max(LEAST, math.ceil(photos) + 1), MOST), dict[str, Point]()
    while True:
        ids, bound = _both_lists(store, vectors, weight, limit, where, exact)
        points.update((point.id, point) for point in store.retrieve([i for i in ids if i not in points], vectors=BOTH))
        best = best_photos([_scored(points.values(), vectors, weight)], per)
        firsts = first_of_each(best, per)
        last = firsts[k - 1].score - ENGINE_ERROR if len(firsts) >= k else -np.inf
        if last > bound or limit >= MOST:
            break
        if bound == np.inf:  # a walk over the graph came to an end before it had seen all
            exact = True
        else:
            limit = min(DEEPER * limit, MOST)
    chosen = [points[hit.id] for hit in best if hit.score >= last]
    return of_first_units(as_candidates(chosen, vectors, weight), lambda one: per.unit(one.payload), k)


def as_candidates(points: Sequence[Point], vectors: Vectors, weight: float) -> list[Candidate]:
    """Points with both of their vectors, scored by the nearest of the query vectors; best first."""
    found = []
    rows = [(p, p.vector, p.colour_vector) for p in points if p.vector is not None and p.colour_vector is not None]
    if not rows:
        return []
    cosines = _cosines([looks for _, looks, _ in rows], [colours for *_, colours in rows], vectors, weight)
    nearest, scores = cosines.argmax(axis=0), np.round(cosines.max(axis=0), DECIMALS)
    for (point, looks, colours), score, row in zip(rows, scores.tolist(), nearest.tolist(), strict=True):
        product = str(point.payload["product_id"])
        found.append(Candidate(product, score, score, point.payload, looks, row, colours=colours))
    return sorted(found, key=lambda candidate: candidate.rank_key)


def _cosines(
    looks: Sequence[Vectors], colours: Sequence[Vectors], vectors: Vectors, weight: float
) -> NDArray[np.float64]:
    """Of each query vector with each stored pair, [m, n]."""
    stored = mixed(np.stack(looks), np.stack(colours), weight).astype(np.float64)
    return np.clip(vectors.astype(np.float64) @ stored.T, -1.0, 1.0)


def _both_lists(
    store: Store, vectors: Vectors, weight: float, limit: int, where: Filter | None, exact: bool
) -> tuple[dict[str, None], float]:
    """The ids that either list has, and the score that nothing in neither of them exceeds: -inf where there is nothing
    else, inf where that cannot be said."""
    dimension, ids = store.record.dimension, dict[str, None]()
    bound, is_whole, is_known = np.zeros(len(vectors)), False, True
    sides = (
        (VECTOR_NAME, vectors[:, :dimension], math.sqrt(1.0 - weight)),
        (COLOUR_VECTOR_NAME, vectors[:, dimension:], math.sqrt(weight)),
    )
    for name, rows, root in sides:
        most = root * np.linalg.norm(rows.astype(np.float64), axis=1)  # what this half adds to a score at the most
        asked = np.flatnonzero(most >= SHORTEST)
        lists = store.search(rows[asked], limit=limit, where=where, exact=exact, fields=[], using=name)
        for row, hits in zip(asked.tolist(), lists, strict=True):
            ids.update(dict.fromkeys(hit.id for hit in hits))
            if len(hits) >= limit:
                most[row] *= hits[-1].score
            elif exact or name == COLOUR_VECTOR_NAME or len(hits) == store.count(where):
                is_whole = True
            else:
                is_known = False
        bound += most
    if is_whole:
        return ids, -np.inf
    return ids, float(bound.max()) if is_known else np.inf


def _scored(points: Collection[Point], vectors: Vectors, weight: float) -> list[Hit]:
    """Each point with its score by the nearest of the query vectors."""
    rows = [(p, p.vector, p.colour_vector) for p in points if p.vector is not None and p.colour_vector is not None]
    if not rows:
        return []
    cosines = _cosines([looks for _, looks, _ in rows], [colours for *_, colours in rows], vectors, weight)
    scores = cosines.max(axis=0).tolist()
    return [Hit(point.id, score, point.payload) for (point, *_), score in zip(rows, scores, strict=True)]
