"""Nearest products: searches photos in the store and groups them, whatever number of photos a product has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.stores.filter_tree import Filter
from indexer.stores.interface import Hit, Store

DECIMALS = 6
"""Scores are float32 sums: beyond this they differ between engines and machines, and so would the order."""

FIRST_FETCH = 4
"""Photos fetched per wanted product at first; shops have 1 to 8 photos of a product."""

GROWTH = 4


@dataclass(frozen=True, slots=True)
class Nearest:
    """A product and its photo that is most alike."""

    product_id: str
    point_id: str
    score: float


def nearest_products(
    store: Store, vectors: NDArray[np.float32], k: int, where: Filter | None = None, *, exact: bool = False
) -> list[Nearest]:
    """The k products whose best photo is nearest to any of the vectors [m, dimension], best first.

    A store answers with photos. Here they are fetched in growing numbers until the k-th product is certain:
    no photo that was not fetched can score above the last one that was. Equal scores are ordered by product id.
    """
    limit = FIRST_FETCH * k
    while True:
        lists = store.search(vectors, limit=limit, where=where, exact=exact, fields=["product_id"])
        best = _best_photo_per_product(lists)
        unseen = max((round(hits[-1].score, DECIMALS) for hits in lists if len(hits) >= limit), default=None)
        if unseen is None:
            if len(best) >= k or exact or min(map(len, lists), default=0) == store.count(where):
                return best[:k]
            exact = True  # a walk over the graph may miss photos of a small filtered set; comparing with all cannot
        elif len(best) >= k and best[k - 1].score > unseen:
            return best[:k]
        else:
            limit *= GROWTH


def _best_photo_per_product(lists: list[list[Hit]]) -> list[Nearest]:
    best: dict[str, Nearest] = {}
    for hit in (hit for hits in lists for hit in hits):
        found = Nearest(str(hit.payload["product_id"]), hit.id, round(hit.score, DECIMALS))
        known = best.get(found.product_id)
        if known is None or (-found.score, found.point_id) < (-known.score, known.point_id):
            best[found.product_id] = found
    return sorted(best.values(), key=lambda product: (-product.score, product.product_id))
