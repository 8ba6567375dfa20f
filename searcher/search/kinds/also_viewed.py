"""What goes with the products a visitor looked at: neighbours of each and what others viewed with them, blended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter, Match, both
from searcher.questions.example import Asked
from searcher.questions.options import STYLE_POOL, Options
from searcher.search.candidate import Candidate
from searcher.search.kinds.also_viewed_scores import blend, co_view_scores, visited_products, worth_showing
from searcher.search.nearest import as_candidates, nearest_products
from searcher.search.published import Published
from searcher.search.search import Search, check_reach

LOOKS_ALONE = "No co-views are known of these products, so looks alone decide; count some with: indexer events FILE."


def by_visit(
    published: Published, seen: Sequence[Asked], decay: float, co_view_weight: float, options: Options
) -> Search:
    """What a visitor may want to see after these products, newest first.

    Raises:
        UsageError: no product is given, or a decay, weight or page is out of bounds.
    """
    check_reach(options)
    if not seen:
        raise UsageError("no product was viewed; give at least one product id")
    names = [str(asked.example.product_id) for asked in seen]
    visited = visited_products(
        [(name, dict(asked.payload), asked.vectors) for name, asked in zip(names, seen, strict=True)], decay
    )
    co_views = co_view_scores(visited)
    blend((), visited, co_views, co_view_weight)  # refuses a bad weight also where nothing is found
    vectors = np.concatenate([asked.vectors for asked in seen])
    together = Filter(must=(Match("product_id", tuple(co_views)),))
    parts: dict[str, Mapping[str, Any]] = {}

    def find(where: Filter | None, _: int) -> list[Candidate]:
        near = nearest_products(published.store, vectors, STYLE_POOL, where, exact=options.exact)
        if co_views:
            points = list(published.store.scroll(both(together, where), vectors="image"))
            near = [*near, *as_candidates(points, vectors)]
        found = blend(_best_photos(near), visited, co_views, co_view_weight)
        parts.update((one.candidate.product_id, one.parts()) for one in found)
        return [one.candidate for one in found]

    return Search(
        query={"viewed": names, "decay": decay, "co_view_weight": co_view_weight},
        find=find,
        liked=seen,
        only=worth_showing(names, published.store.record.field_table),
        parts=parts,
        notes=() if co_views or not co_view_weight else (LOOKS_ALONE,),
    )


def _best_photos(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each product once, by its photo that is most alike."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda one: one.rank_key):
        best.setdefault(candidate.product_id, candidate)
    return list(best.values())
