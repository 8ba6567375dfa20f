"""Scores for "also viewed": what looks like the visitor's last products, blended with what others viewed with them.

Both halves are the same weighted mean over the visited products, newest first with weights decay⁰, decay¹, …: of
cosines for the content, of co-view scores for the behaviour. That is item-to-item collaborative filtering (Linden,
Smith and York, IEEE Internet Computing 7(1), 2003), and for the content its counterpart over looks. Without co-views
the content stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.fields.co_views import read_payload
from indexer.fields.types import FieldTable, FieldType, Payload
from indexer.store.filters.normal_forms import spellings
from indexer.store.filters.tree import Filter, Match
from searcher.search.ground.candidate import DECIMALS, Candidate

IN_STOCK = "in_stock"


@dataclass(frozen=True, slots=True)
class Visited:
    """A product that the visitor looked at."""

    product_id: str
    weight: float
    """Above 0, at most 1: how much it counts."""
    payload: Payload
    vectors: NDArray[np.float32]
    """Of its photos, [photos, dimension], unit length."""


@dataclass(frozen=True, slots=True)
class CoView:
    """How much other visitors looked at a product together with the visited ones."""

    product_id: str
    score: float
    """Weighted mean of the co-view scores with the visited products, 0 to 1."""
    count: int
    """Sessions that had it together with ``because``."""
    because: str
    """The visited product that contributed most."""


@dataclass(frozen=True, slots=True)
class Blended:
    """A candidate with its blended score, and what that is made of."""

    candidate: Candidate
    """Its ``score`` is (1 - weight) · content + weight · co_view."""
    weight: float
    """Of the co-views, as applied: 0 where no candidate has any."""
    content: float
    """Weighted mean of its cosines with the visited products, those below 0 taken as 0: 0 to 1."""
    alike: str
    """The visited product that contributed most to ``content``."""
    co_view: float
    """Its co-view score over that of the most co-viewed candidate: 0 to 1."""
    co_viewed: CoView | None
    """Its co-views; None where there are none."""

    def parts(self) -> dict[str, Any]:
        """What the score is made of, as plain JSON values, for the explanation."""
        document: dict[str, Any] = {"content": self.content, "alike": self.alike, "co_view_weight": self.weight}
        if self.weight:
            document["co_view"] = self.co_view
        if self.co_viewed is not None:
            document |= {
                "co_view_score": self.co_viewed.score,
                "co_view_count": self.co_viewed.count,
                "co_viewed_with": self.co_viewed.because,
            }
        return document


def visited_products(newest_first: Iterable[tuple[str, Payload, NDArray[np.float32]]], decay: float) -> list[Visited]:
    """A visitor's last products, weighted by decay⁰, decay¹, …; of a product visited twice, the latest visit counts.

    Args:
        newest_first: (product id, payload, vectors [photos, dimension]) of products in the index.
        decay: above 0, at most 1; 1 counts all alike.
    """
    distinct: dict[str, tuple[Payload, NDArray[np.float32]]] = {}
    for product_id, payload, vectors in newest_first:
        distinct.setdefault(product_id, (payload, vectors))
    # A weight that vanishes would leave a product visited and without any say.
    weights = (max(decay**position, math.ulp(1.0)) for position in range(len(distinct)))
    return [Visited(name, weight, *found) for weight, (name, found) in zip(weights, distinct.items(), strict=True)]


def worth_showing(seen: Collection[str], table: FieldTable) -> Filter:
    """Passes what the visitor has not seen and what is not known to be out of stock.

    A product without a value in ``in_stock`` passes, and all do where the catalog has no such yes-or-no column.
    """
    out_of_stock = table.get(IN_STOCK) is FieldType.BOOLEAN
    unwanted = (Match("product_id", spellings(seen)),) if seen else ()
    return Filter(must_not=(*unwanted, *((Match(IN_STOCK, (False,)),) if out_of_stock else ())))


def co_view_scores(visited: Sequence[Visited]) -> dict[str, CoView]:
    """What others viewed together with the visited products, by product id, without these themselves.

    Empty where the index holds no co-views of them: no events were counted, or nobody viewed them with others.
    A product may have left the index since.
    """
    total = sum(product.weight for product in visited)
    sums: dict[str, float] = {}
    most: dict[str, tuple[float, int, str]] = {}
    for product in visited:
        for other in read_payload(product.payload):
            added = product.weight * other.score
            sums[other.product_id] = sums.get(other.product_id, 0.0) + added
            if added > most.get(other.product_id, (0.0, 0, ""))[0]:
                most[other.product_id] = (added, other.count, product.product_id)
    seen = {product.product_id for product in visited}
    return {
        name: CoView(name, round(sums[name] / total, DECIMALS), count, because)
        for name, (_, count, because) in most.items()
        if name not in seen
    }


def blend(
    candidates: Sequence[Candidate],
    visited: Sequence[Visited],
    co_views: Mapping[str, CoView],
    weight: float,
    vectors: NDArray[np.float32] | None = None,
) -> list[Blended]:
    """Score candidates by both halves, best first; equal scores go by product id.

    Co-view scores are small numbers, so they are divided by the largest one among the candidates: ``weight`` is
    what the most co-viewed candidate gains. That does not depend on how many candidates are looked at, as long as
    all co-viewed ones are among them. A candidate is judged by the one photo it came with.

    Args:
        candidates: neighbours of the visited products, and what was viewed together with them; each product once.
        visited: one product or more.
        co_views: from `co_view_scores`.
        weight: of the co-views, 0 to 1. Where no candidate has any it is taken as 0: content alone.
        vectors: of the candidates, [n, dimension], where those are compared and not their looks.

    Raises:
        UsageError: nothing was visited.
    """
    if not visited:
        raise UsageError("no product was visited; give at least one product id")
    if not candidates:
        return []
    largest = max((co_views[c.product_id].score for c in candidates if c.product_id in co_views), default=0.0)
    applied = weight if largest > 0.0 else 0.0
    found = []
    for candidate, (content, alike) in zip(candidates, _contents(candidates, visited, vectors), strict=True):
        co_viewed = co_views.get(candidate.product_id)
        co_view = round(co_viewed.score / largest, DECIMALS) if co_viewed is not None and largest > 0.0 else 0.0
        score = round((1.0 - applied) * content + applied * co_view, DECIMALS)
        found.append(Blended(replace(candidate, score=score), applied, content, alike, co_view, co_viewed))
    return sorted(found, key=lambda blended: blended.candidate.rank_key)


def _contents(
    candidates: Sequence[Candidate], visited: Sequence[Visited], vectors: NDArray[np.float32] | None
) -> list[tuple[float, str]]:
    """For each candidate: the weighted mean of its best cosine with each visited product, and which gave most."""
    looks = np.stack([candidate.vector for candidate in candidates]) if vectors is None else vectors
    stored = looks.astype(np.float64)
    weights = np.array([product.weight for product in visited])
    best = np.stack([(stored @ product.vectors.astype(np.float64).T).max(axis=1) for product in visited])
    parts = weights[:, None] * np.clip(best, 0.0, 1.0)
    means = np.round(parts.sum(axis=0) / weights.sum(), DECIMALS)
    return [(float(mean), visited[row].product_id) for mean, row in zip(means, parts.argmax(axis=0), strict=True)]
