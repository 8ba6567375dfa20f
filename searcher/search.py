"""What each kind of question comes down to: what was asked, how to find candidates, what to say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.store.filters.tree import Filter
from searcher.answers import QueryPhoto
from searcher.candidate import Candidate
from searcher.example import Asked

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
