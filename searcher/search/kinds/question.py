"""What each kind of question comes down to: what was asked, how to find candidates, what to say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter
from searcher.questions.example import Asked
from searcher.questions.options import STYLE_POOL, Options
from searcher.questions.photo import QueryPhoto
from searcher.search.candidate import Candidate
from searcher.search.nearest import nearest_products
from searcher.search.published import Published

Vectors = NDArray[np.float32]


Find = Callable[[Filter | None, int], list[Candidate]]
"""The best n candidates that pass a filter, best first."""


@dataclass(frozen=True)
class Search:
    """A question ready to be answered from one generation."""

    query: Mapping[str, Any]
    """What was asked with, as plain JSON values."""
    find: Find
    """Finds candidates that pass a filter."""
    liked: Sequence[Asked] = ()
    """What an answer should look like: its photos explain the matches."""
    disliked: Sequence[Asked] = ()
    only: Filter | None = None
    """A filter that belongs to the question itself."""
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By product id, what its score is made of, for the explanation; filled while searching."""
    notes: Sequence[str] = ()
    """What a person should know of how the answer came about."""

    @property
    def photos(self) -> tuple[QueryPhoto, ...]:
        """The photos asked with, those liked first."""
        return tuple(photo for asked in (*self.liked, *self.disliked) for photo in asked.photos)

    @property
    def products(self) -> list[str]:
        """The products asked with: they are no answer."""
        ids = (asked.example.product_id for asked in (*self.liked, *self.disliked))
        return [product_id for product_id in ids if product_id is not None]

    @property
    def payload(self) -> Mapping[str, Any]:
        """Of the one product asked with; empty where there are several or none."""
        return self.liked[0].payload if len(self.liked) == 1 else {}

    @cached_property
    def liked_vectors(self) -> NDArray[np.float32] | None:
        """Of all photos of what is liked, [m, dimension]."""
        return np.concatenate([asked.vectors for asked in self.liked]) if self.liked else None


def nearest(published: Published, vectors: Vectors, options: Options) -> Find:
    """Candidates by the cosine to the nearest of the vectors [m, dimension]."""

    def find(where: Filter | None, count: int) -> list[Candidate]:
        return nearest_products(
            published.store, vectors, count, where, exact=options.exact, photos_a_product=published.photos_a_product
        )

    return find


def check_reach(options: Options) -> None:
    """Refuse a page beyond the products that are scored anew; raises ``UsageError``."""
    if options.last > STYLE_POOL:
        raise UsageError(
            f"offset {options.offset} with k {options.k}: this question orders the {STYLE_POOL} products nearest to "
            f"its examples, so offset + k is at most {STYLE_POOL}"
        )
