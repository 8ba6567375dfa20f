"""Search by text: "gold ring with a red stone" → products by the words of their titles and attributes.

A product's score is the share of the question that it answers, by weight: the idf of the words it matches over the
idf of all words that are known, in [0, 1]; see `searcher.search.words.vocabulary`. Rare words so count for more than
common ones, and products that match every word come first with a score of 1. A product counts with its best photo.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from math import fsum, inf
from typing import Annotated, NamedTuple

from indexer.errors import UsageError
from indexer.fields.types import Payload
from indexer.store.filters.tree import Filter, both, value_at
from indexer.store.interface import Store
from indexer.store.records import Point
from indexer.system.plain_json import HIDDEN, PlainJson
from searcher.search.ground.candidate import DECIMALS
from searcher.search.ground.per import PER_PRODUCT, Per, Unit, of_first_units
from searcher.search.words.meaning import Meaning, read_meaning
from searcher.search.words.vocabulary import KnownWord, Vocabulary

MAX_LIMIT = 1_000
RAREST = 5
"""Words whose combinations are looked up one by one, where all matches together are too many to read."""
READ_AT_MOST = 3_000
"""Photos read for one question, or 10 for each product asked for where that is more."""


@dataclass(frozen=True, slots=True)
class TextHit(PlainJson):
    """One product: ``score`` in (0, 1], the photo's payload that matches best, and the words it matches."""

    product_id: str
    score: float
    payload: Payload
    matched: tuple[str, ...]
    point: Annotated[str, HIDDEN] = ""
    """The id of the photo's point."""


@dataclass(frozen=True, slots=True)
class TextResult(PlainJson):
    """The products, best first, and which words of the question the catalog knows."""

    hits: tuple[TextHit, ...]
    known_words: tuple[str, ...]
    unknown_words: tuple[str, ...]
    complete: bool = True
    """False where more photos matched equally well than are read: the hits are then the best of those read."""


def search_text(
    store: Store, text: str, limit: int = 10, where: Filter | None = None, *, vocabulary: Vocabulary | None = None
) -> TextResult:
    """The products that match most of a question's words, rarer words counting for more.

    A word matches a whole word of a text field, or a word of a keyword value (category, metal, brand …), whatever
    the case and the accents, in the singular or the plural. Equal scores are in order of product id; see
    `searcher.search.words.meaning` for what else a word may be. At most 3,000 photos are read, or 10 for each product
    asked for: where more match, those with the most weight are read, and of equal ones the first in order of point id.

    Args:
        store: one generation.
        text: up to 1,000 characters and 32 different words.
        limit: products, 1 to 1,000.
        where: the current filter; the words' weights are those of the whole catalog.
        vocabulary: kept from an earlier question to the same store.

    Raises:
        UsageError: no word, too many of them, or the limit is out of bounds.
        FilterError: the filter does not fit the fields.
        StoreError: the store cannot be read.
    """
    vocabulary = vocabulary or Vocabulary(store)
    return find_products(store, vocabulary, read_meaning(vocabulary, text), limit, where)


def find_products(
    store: Store,
    vocabulary: Vocabulary,
    meaning: Meaning,
    limit: int,
    where: Filter | None,
    *,
    per: Per = PER_PRODUCT,
) -> TextResult:
    """`search_text`, of a text that was read; per group, ``limit`` is a number of groups (see `Per`)."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"the limit is {limit}; ask for 1 to {MAX_LIMIT} products")
    known = tuple(word.word for word in meaning.known)
    if meaning.finds_nothing:
        return TextResult((), known, meaning.unknown)
    search = _Search(store, vocabulary, meaning.known, limit, both(where, meaning.left), per)
    search.run()
    return TextResult(search.hits(), known, meaning.unknown, search.complete)


class _Best(NamedTuple):
    """The best photo of a candidate, in the order of answers."""

    below: float
    """The score, from 0 down."""
    product: str
    rank: float
    point: str
    matched: tuple[str, ...]
    unit: Unit
    behind: bool

    def is_better(self, other: _Best) -> bool:
        """Whether this one of two photos of a candidate stands for it; see `Per.behind`."""
        return (self.below, self.behind, *self[1:4]) < (other.below, other.behind, *other[1:4])


@dataclass
class _Search:
    """One question while it is being answered."""

    store: Store
    vocabulary: Vocabulary
    known: Sequence[KnownWord]
    limit: int
    where: Filter | None
    per: Per = PER_PRODUCT
    complete: bool = True
    best: dict[Hashable, _Best] = field(default_factory=dict)
    """Of each candidate its best photo."""

    def run(self) -> None:
        """Read all matches where they are few; else class after class, the weightiest words first."""
        budget = max(READ_AT_MOST, 10 * self.limit)
        anything = both(self.where, Filter(should=tuple(word.condition for word in self.known)))
        if not self.known or self.store.count(anything) <= budget:
            self._read(anything, budget)
            return
        for bound, chosen in self._classes():
            if bound < self._last():
                return
            if budget <= 0:
                self.complete = False
                return
            budget -= self._read(both(self.where, chosen), budget)

    def hits(self) -> tuple[TextHit, ...]:
        """The best products with the whole payload of their best photos."""
        ranked = self._ranked()
        payloads = {point.id: point.payload for point in self.store.retrieve([one.point for one in ranked])}
        return tuple(
            TextHit(one.product, -one.below, payloads[one.point], one.matched, one.point)
            for one in ranked
            if one.point in payloads
        )

    def _classes(self) -> Iterator[tuple[float, Filter]]:
        """Each combination of the rarest words, without the others of them: no photo is in two. Those of the highest
        possible score come first; words beyond the rarest may or may not be in a photo."""
        rarest = sorted(self.known, key=lambda word: (-word.weight, word.word))[:RAREST]
        rest = [word for word in self.known if word not in rarest]
        classes = []
        for size in range(len(rarest) + 1):
            for chosen in combinations(rarest, size):
                must = tuple(word.condition for word in chosen)
                not_these = tuple(word.condition for word in rarest if word not in chosen)
                either = tuple(word.condition for word in rest) if not chosen else ()
                if chosen or rest:
                    bound = self._score([*chosen, *rest])
                    classes.append((bound, Filter(must=must, should=either, must_not=not_these)))
        return iter(sorted(classes, key=lambda made: -made[0]))

    def _read(self, where: Filter | None, most: int) -> int:
        """Score the photos that pass, in order of point id and ``most`` of them; how many there were."""
        names = [*self.per.fields, "photo.rank", *self.vocabulary.fields]
        photos = 0
        for point in islice(self.store.scroll(where, fields=names), most + 1):
            if photos == most:
                self.complete = False
                break
            photos += 1
            self._take(point)
        return photos

    def _take(self, point: Point) -> None:
        matched = self.vocabulary.matches(point.payload, self.known)
        if self.known and not matched:
            return
        found = _Best(
            -self._score(matched),
            str(point.payload["product_id"]),
            float(value_at(point.payload, "photo.rank") or 0),
            point.id,
            tuple(word.word for word in matched),
            self.per.unit(point.payload),
            self.per.behind(point.payload),
        )
        candidate = self.per.candidate(point.payload)
        if candidate not in self.best or found.is_better(self.best[candidate]):
            self.best[candidate] = found

    def _score(self, matched: Sequence[KnownWord]) -> float:
        """1 where nothing is asked for but what is not to be there."""
        if not self.known:
            return 1.0
        return round(fsum(w.weight for w in matched) / fsum(w.weight for w in self.known), DECIMALS)

    def _ranked(self) -> list[_Best]:
        """The best of the candidates so far, as many as there are wanted."""
        return of_first_units(sorted(self.best.values()), lambda one: one.unit, self.limit)

    def _last(self) -> float:
        """The lowest score that is in the answer so far; below all where it is not full."""
        ranked = self._ranked()
        full = len({one.unit for one in ranked}) >= self.limit
        return -ranked[-1].below if full else -inf
