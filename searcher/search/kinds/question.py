"""What each kind of question is before it is read, and what it comes down to: how candidates are found."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.fields.types import Payload
from indexer.store.filters.tree import Filter, both
from indexer.store.records import VECTOR_NAME, Point, VectorName
from indexer.store.records import Vectors as Read
from indexer.system.forks import once
from searcher.questions.example import Asked, Example
from searcher.questions.options import STYLE_POOL, Options
from searcher.questions.photo import QueryPhoto
from searcher.search.ground.candidate import Candidate
from searcher.search.ground.colours import BOTH, mixed, nearest_with_colours
from searcher.search.ground.colours import as_candidates as of_both
from searcher.search.ground.nearest import PHOTOS_A_PRODUCT, as_candidates, nearest_products
from searcher.search.ground.per import PER_PRODUCT, Per, photos_a_group
from searcher.search.ground.published import Published

Vectors = NDArray[np.float32]

_NAME = re.compile(r"\s*([^\s:=]+)")
"""The field of a boost or a cap."""

Find = Callable[[Filter | None, int], list[Candidate]]
"""The best n candidates that pass a filter, best first."""


@dataclass(frozen=True)
class Question(ABC):
    """What is asked, before anything of it is read. Making one checks all that it can tell by itself."""

    liked: Sequence[Example] = ()
    """What an answer should look like."""
    disliked: Sequence[Example] = ()

    def __post_init__(self) -> None:  # noqa: B027 - here, so that the dataclass's own __init__ calls a kind's
        """Refuse what makes no sense by itself; raises ``UsageError``."""

    @property
    def has_product(self) -> bool:
        """Whether it is about one product, whose values a preset can go by; see `Search.payload`."""
        return len(self.liked) == 1 and self.liked[0].product_id is not None

    def check(self, asking: Asking) -> None:  # noqa: B027 - most kinds take all options
        """Refuse options that this kind of question cannot take, its examples unread; raises ``UsageError``."""

    @abstractmethod
    def search(self, asking: Asking) -> Search:
        """How it is answered, its examples read."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question is asked of, and its examples as soon as they are read."""

    published: Published
    options: Options
    liked: Sequence[Asked] = ()
    """In the order of `Question.liked`."""
    disliked: Sequence[Asked] = ()

    @property
    def per(self) -> Per:
        """What the answer holds one of, and which candidates that needs."""
        wanted = self.options
        if wanted.per == "product" or not self.published.has_groups:
            return PER_PRODUCT
        named = (_NAME.match(text) for text in (*wanted.boosts, *wanted.caps))
        return Per(groups=True, apart=tuple(dict.fromkeys(name[1] for name in named if name)))

    @property
    def weight(self) -> float:
        """Of colours; 0 where the index has none."""
        return self.options.colour if self.published.store.record.colours else 0.0

    @property
    def reads(self) -> Read:
        """Which vectors of the stored points are compared."""
        return BOTH if self.weight else VECTOR_NAME

    def compared_with(self, asked: Sequence[Asked]) -> tuple[Asked, ...]:
        """Examples with the vectors that candidates are compared with: of their looks, or of looks and colours."""
        return tuple(
            one if one.colours is None else replace(one, vectors=mixed(one.vectors, one.colours, self.weight))
            for one in asked
        )

    def compared(self, candidates: Sequence[Candidate]) -> Vectors:
        """The vectors of candidates that are compared with those of the examples, [n, dimension]."""
        looks = np.stack([candidate.vector for candidate in candidates])
        if not self.weight:
            return looks
        return mixed(looks, np.stack([c.colours for c in candidates if c.colours is not None]), self.weight)

    def as_candidates(self, points: list[Point], vectors: Vectors) -> list[Candidate]:
        """Points, read as `reads` says, scored by the nearest of the vectors; best first."""
        return of_both(points, vectors, self.weight) if self.weight else as_candidates(points, vectors)

    def nearest(self, vectors: Vectors) -> Find:
        """Candidates by the cosine to the nearest of the vectors [m, dimension]."""

        def find(where: Filter | None, count: int) -> list[Candidate]:
            return self.near(vectors, count, where, photos=self.published.photos_a_product)

        return find

    def near(
        self,
        vectors: Vectors,
        count: int,
        where: Filter | None,
        *,
        photos: float = PHOTOS_A_PRODUCT,
        using: VectorName = VECTOR_NAME,
    ) -> list[Candidate]:
        """So many products, or groups, nearest to any of the vectors; see `nearest_products`."""
        published, exact, per = self.published, self.options.exact, self.per
        photos = published.memo(photos_a_group) if per.groups else photos
        if self.weight and using == VECTOR_NAME:
            return nearest_with_colours(
                published.store, vectors, self.weight, count, where, exact=exact, photos_a_product=photos, per=per
            )
        return nearest_products(
            published.store, vectors, count, where, exact=exact, photos_a_product=photos, using=using, per=per
        )

    def check_reach(self) -> None:
        """Refuse a page beyond the products that are scored anew; raises ``UsageError``."""
        wanted = self.options
        if wanted.last > STYLE_POOL:
            raise UsageError(
                f"offset {wanted.offset} with k {wanted.k}: this question orders the {STYLE_POOL} products nearest to "
                f"its examples, so offset + k is at most {STYLE_POOL}"
            )


@dataclass(frozen=True)
class Search:
    """A question read, ready to be answered from one generation."""

    query: Mapping[str, Any]
    """What was asked with, as plain JSON values."""
    find: Find
    """Finds candidates that pass a filter."""
    liked: Sequence[Asked] = ()
    """What an answer should look like: its photos explain the matches."""
    disliked: Sequence[Asked] = ()
    only: Filter | None = None
    """A filter that belongs to the question itself."""
    matching: Filter | None = None
    """Besides, what a product passes that matches at all, where a filter can say so: facets are counted over it."""
    by_filter: bool = False
    """Whether ``matching`` says too which products reach the least score that is asked for."""
    weight: float = 0.0
    """Of colours in the scores."""
    scored: bool = False
    """Whether how good a product is is told by its score, from 0 up, and not by its likeness."""
    per: Per = PER_PRODUCT
    """What the answer holds one of."""
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
        """The products asked with: they are not an answer."""
        ids = (asked.example.product_id for asked in (*self.liked, *self.disliked))
        return [product_id for product_id in ids if product_id is not None]

    def passed(self, where: Filter | None) -> Filter | None:
        """A filter of the options with what the question itself asks for: what a product passes that is found."""
        return both(both(where, self.only), self.matching)

    def left_out(self, chosen: Iterable[Payload] = ()) -> Filter | None:
        """The filter that passes neither what was asked with, nor what an answer already holds, nor their groups."""
        asked = [dict(one.payload) for one in (*self.liked, *self.disliked) if one.payload]
        return self.per.without(self.products, [*asked, *chosen])

    @property
    def payload(self) -> Mapping[str, Any]:
        """Of the one product asked with; empty where there are several or none."""
        return self.liked[0].payload if len(self.liked) == 1 else {}

    @once
    def liked_vectors(self) -> NDArray[np.float32] | None:
        """Of the looks of all photos of what is liked, [m, dimension]."""
        return np.concatenate([asked.vectors for asked in self.liked]) if self.liked else None

    @once
    def liked_colours(self) -> NDArray[np.float32] | None:
        """Of the colours of the same photos, where they count, [m, colours]."""
        seen = [asked.colours for asked in self.liked if asked.colours is not None]
        return np.concatenate(seen) if seen and len(seen) == len(self.liked) else None
