"""What goes with the products a visitor looked at: neighbours of each and what others viewed with them, blended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter, Match, both
from searcher.questions.declared import checked
from searcher.questions.kinds import VisitOptions
from searcher.questions.options import STYLE_POOL
from searcher.search.ground.candidate import Candidate
from searcher.search.kinds.also_viewed_scores import (
    blend,
    co_view_scores,
    visited_products,
    worth_showing,
)
from searcher.search.kinds.question import Asking, Question, Search

LOOKS_ALONE = "No co-views are known of these products, so looks alone decide; count some with: indexer events FILE."


@dataclass(frozen=True, kw_only=True)
class AlsoViewed(Question):
    """What a visitor may want to see after the products that are liked, newest first.

    Raises:
        UsageError: no product is given, or the decay or the weight is out of bounds.
    """

    decay: float
    co_view_weight: float

    def __post_init__(self) -> None:
        if not self.liked:
            raise UsageError("no product was viewed; give at least one product id")
        taken = checked(VisitOptions, decay=self.decay, co_view_weight=self.co_view_weight)
        object.__setattr__(self, "decay", float(taken.decay))
        object.__setattr__(self, "co_view_weight", float(taken.co_view_weight))

    def check(self, asking: Asking) -> None:
        """No more products are ordered than are scored anew."""
        asking.check_reach()

    def search(self, asking: Asking) -> Search:
        """See `Question.search`."""
        store, liked = asking.published.store, asking.liked
        names = [str(example.product_id) for example in self.liked]
        visited = visited_products(
            [(name, dict(asked.payload), asked.vectors) for name, asked in zip(names, liked, strict=True)], self.decay
        )
        co_views, per = co_view_scores(visited), asking.per
        siblings = per.without((), [dict(asked.payload) for asked in liked]) if per.groups else None
        vectors = np.concatenate([asked.vectors for asked in liked])
        together = Filter(must=(Match("product_id", tuple(co_views)),))
        parts: dict[str, Mapping[str, Any]] = {}

        def find(where: Filter | None, _: int) -> list[Candidate]:
            near = asking.near(vectors, STYLE_POOL, where)
            if co_views:
                points = list(store.scroll(both(together, where), vectors=asking.reads))
                near = [*near, *asking.as_candidates(points, vectors)]
            best = _best_photos(near)
            found = blend(best, visited, co_views, self.co_view_weight, asking.compared(best) if best else None)
            parts.update((one.candidate.product_id, one.parts()) for one in found)
            return [one.candidate for one in found]

        return Search(
            query={"viewed": names, "decay": self.decay, "co_view_weight": self.co_view_weight},
            find=find,
            liked=liked,
            only=both(worth_showing(names, store.record.field_table), siblings),
            scored=True,
            parts=parts,
            notes=() if co_views or not self.co_view_weight else (LOOKS_ALONE,),
        )


def _best_photos(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each product once, by its photo that is most alike."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda one: one.rank_key):
        best.setdefault(candidate.product_id, candidate)
    return list(best.values())
