"""Nearest products: searches photos in the store and groups them, whatever number of photos a product has."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from indexer.store.filters.tree import Filter
from indexer.store.interface import Store
from indexer.store.records import VECTOR_NAME, Hit, Point, VectorName, Vectors, vector_of
from searcher.search.ground.candidate import DECIMALS, Candidate
from searcher.search.ground.per import PER_PRODUCT, Per, Unit, of_first_units

ENGINE_ERROR = 2e-6
"""Engines sum in float32, and each in its own order; candidates this near to the last place are looked at again."""

PHOTOS_A_PRODUCT = 3.0
"""What a caller who does not know takes it to be; shops have 1 to 8."""

WHOLE = 400
"""Photos that a server is asked for with all that is known of them: asking again for those that are needed takes longer
than to send as many. An engine in the process is asked for them only where most are needed."""

SPARE = 1.1
"""Photos that are fetched at first, as a multiple of those that k products have."""
APIECE = 1.4
"""Where several photos ask side by side for groups, so many times each one's share is fetched for each at first."""
GROWTH = 4
LEAST_GROWTH = 1.5
"""Of the photos of groups, which are many: as many more as those that were found say."""


def nearest_products(
    store: Store,
    vectors: NDArray[np.float32],
    k: int,
    where: Filter | None = None,
    *,
    exact: bool = False,
    photos_a_product: float = PHOTOS_A_PRODUCT,
    using: VectorName = VECTOR_NAME,
    per: Per = PER_PRODUCT,
) -> list[Candidate]:
    """The k products whose best photo is nearest to any of the vectors [m, dimension], best first.

    Per group, k groups by their nearest product; and where ``per`` tells products apart, those others too that are as
    near as the k-th group is.

    The store finds the candidates; their scores are computed once more from the stored vectors in float64, so
    that the order is the same for every engine and machine. Equal scores are ordered by product id.

    Args:
        store: one generation.
        vectors: what is asked with.
        k: products, or groups, wanted.
        where: the filter.
        exact: compare with every photo instead of walking the graph.
        using: names the stored vectors to compare with.
        photos_a_product: of each of these; decides how many are fetched at first, which matters to speed alone.
        per: what is wanted k of.

    Raises:
        UsageError: the generation has no vectors of that name.
    """
    photos = k * photos_a_product * SPARE
    limit = math.ceil(photos * min(1.0, APIECE / len(vectors)) if per.groups else photos) + 1
    hits = _candidates(store, vectors, limit, k, where, exact, using, per)
    known = [hit.point for hit in hits if hit.point is not None]
    points = known if len(known) == len(hits) else store.retrieve([hit.id for hit in hits], vectors=_read(using))
    return of_first_units(as_candidates(points, vectors, using), lambda one: per.unit(one.payload), k)


def as_candidates(
    points: list[Point], vectors: NDArray[np.float32], using: VectorName = VECTOR_NAME
) -> list[Candidate]:
    """Points with their vectors, scored by the nearest of the query vectors [m, dimension]; best first.

    A candidate's own vector is that of its looks, whatever it was found by: variety is a matter of looks.
    """
    found = []
    rows = [(point, point.vector, row) for point in points if (row := vector_of(point, using)) is not None]
    if not rows:
        return []
    stored = np.stack([row for _, _, row in rows])
    cosines = np.clip(vectors.astype(np.float64) @ stored.astype(np.float64).T, -1.0, 1.0)
    nearest, scores = cosines.argmax(axis=0), np.round(cosines.max(axis=0), DECIMALS)
    for (point, looks, _), score, row in zip(rows, scores, nearest, strict=True):
        if looks is not None:
            product = str(point.payload["product_id"])
            found.append(Candidate(product, float(score), float(score), point.payload, looks, int(row)))
    return sorted(found, key=lambda candidate: candidate.rank_key)


def _candidates(
    store: Store,
    vectors: NDArray[np.float32],
    limit: int,
    k: int,
    where: Filter | None,
    exact: bool,
    using: VectorName,
    per: Per,
) -> list[Hit]:
    """One photo a candidate: those of the k best products and all that are too near to the k-th to be told apart.

    A store answers with photos. They are fetched in growing numbers until it is certain that no photo still
    unseen belongs to these: none can score above the last one fetched. Where most of them are needed anyway, they
    come with all that is known of them, which saves asking again.
    """
    while True:
        far = store.files is None and limit * len(vectors) <= WHOLE
        whole = far or (len(vectors) == 1 and limit <= 2 * k)
        lists = store.search(
            vectors,
            limit=limit,
            where=where,
            exact=exact,
            fields=None if whole else per.fields,
            using=using,
            vectors_too=_read(using) if whole else False,
        )
        best = best_photos(lists, per)
        firsts = first_of_each(best, per)
        last = firsts[k - 1].score - ENGINE_ERROR if len(firsts) >= k else -np.inf
        unseen = max((hits[-1].score for hits in lists if len(hits) >= limit), default=None)
        if unseen is None:
            if len(firsts) >= k or exact or min(map(len, lists), default=0) == store.count(where):
                return [hit for hit in best if hit.score >= last]
            exact = True  # a walk over the graph may miss photos of a small filtered set; comparing with all cannot
        elif last > unseen:
            return [hit for hit in best if hit.score >= last]
        elif per.groups:
            certain = sum(hit.score > unseen for hit in firsts)
            limit = math.ceil(limit * min(GROWTH, max(LEAST_GROWTH, SPARE * k / max(1, certain))))
        else:
            limit *= GROWTH


def _read(using: VectorName) -> Vectors:
    """Which vectors candidates need: those that they were found by, and those of their looks."""
    return VECTOR_NAME if using == VECTOR_NAME else True


def best_photos(lists: list[list[Hit]], per: Per) -> list[Hit]:
    """The best photo of each candidate, best first.

    Products of a group show one file, and then all are equally good, but for what an engine's sums differ by: one in
    stock comes before others, then the first in order of id.
    """
    best: dict[Hashable, Hit] = {}
    keyed = [(per.candidate(hit.payload), hit) for hits in lists for hit in hits]
    for candidate, hit in keyed:
        known = best.get(candidate)
        if known is None or (-hit.score, hit.id) < (-known.score, known.id):
            best[candidate] = hit
    if per.groups:
        least = {candidate: hit.score - ENGINE_ERROR for candidate, hit in best.items()}
        for candidate, hit in keyed:
            if hit.score >= least[candidate] and _order(hit, per) < _order(best[candidate], per):
                best[candidate] = hit
    return sorted(best.values(), key=lambda hit: -hit.score)


def _order(hit: Hit, per: Per) -> tuple[bool, str, float, str]:
    """Of equally good photos."""
    return (per.behind(hit.payload), str(hit.payload["product_id"]), -hit.score, hit.id)


def first_of_each(best: list[Hit], per: Per) -> list[Hit]:
    """Of each unit its best photo."""
    if not per.apart:
        return best
    firsts: dict[Unit, Hit] = {}
    for hit in best:
        firsts.setdefault(per.unit(hit.payload), hit)
    return list(firsts.values())
