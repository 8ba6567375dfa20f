"""Search by text: "gold ring with a red stone" → products by the words of their titles and attributes.

A product's score is the share of the question that it answers, by weight: the idf of the words it matches over the
idf of all words that are known, in [0, 1]; see `searcher.search.words.vocabulary`. Rare words so count for more than
common ones, and products that match every word come first with a score of 1. A product counts with its best photo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from math import fsum
from typing import Annotated

from indexer.errors import UsageError
from indexer.fields.types import Payload
from indexer.store.filters.tree import Filter, both, value_at
from indexer.store.interface import Store
from indexer.store.records import Point
from indexer.system.plain_json import HIDDEN, PlainJson
from searcher.search.ground.candidate import DECIMALS
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
    store: Store, vocabulary: Vocabulary, meaning: Meaning, limit: int, where: Filter | None
) -> TextResult:
    """`search_text`, of a text that was read."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"the limit is {limit}; ask for 1 to {MAX_LIMIT} products")
    known = tuple(word.word for word in meaning.known)
    if meaning.finds_nothing:
        return TextResult((), known, meaning.unknown)
    search = _Search(store, vocabulary, meaning.known, limit, both(where, meaning.left))
    search.run()
    return TextResult(search.hits(), known, meaning.unknown, search.complete)


@dataclass
class _Search:
    """One question while it is being answered."""

    store: Store
    vocabulary: Vocabulary
    known: Sequence[KnownWord]
    limit: int
    where: Filter | None
    complete: bool = True
    best: dict[str, tuple[tuple[float, float, str], tuple[str, ...]]] = field(default_factory=dict)
    """Of each product the best photo, as (-score, rank, point id), and the words it matches."""

    def run(self) -> None:
        """Read all matches where they are few; else class after class, the weightiest words first."""
        budget = max(READ_AT_MOST, 10 * self.limit)
        anything = both(self.where, Filter(should=tuple(word.condition for word in self.known)))
        if not self.known or self.store.count(anything) <= budget:
            self._read(anything, budget)
            return
        for bound, chosen in self._classes():
            if len(self.best) >= self.limit and bound < self._last():
                return
            if budget <= 0:
                self.complete = False
                return
            budget -= self._read(both(self.where, chosen), budget)

    def hits(self) -> tuple[TextHit, ...]:
        """The best products with the whole payload of their best photos."""
        ranked = sorted(self.best.items(), key=lambda item: (item[1][0][0], item[0]))[: self.limit]
        payloads = {point.id: point.payload for point in self.store.retrieve([key[2] for _, (key, _) in ranked])}
        return tuple(
            TextHit(product, -key[0], payloads[key[2]], matched, key[2])
            for product, (key, matched) in ranked
            if key[2] in payloads
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
        names = ["product_id", "photo.rank", *self.vocabulary.fields]
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
        product = str(point.payload["product_id"])
        key = (-self._score(matched), float(value_at(point.payload, "photo.rank") or 0), point.id)
        if product not in self.best or key < self.best[product][0]:
            self.best[product] = key, tuple(word.word for word in matched)

    def _score(self, matched: Sequence[KnownWord]) -> float:
        """1 where nothing is asked for but what is not to be there."""
        if not self.known:
            return 1.0
        return round(fsum(w.weight for w in matched) / fsum(w.weight for w in self.known), DECIMALS)

    def _last(self) -> float:
        """The lowest score that is in the answer so far."""
        return sorted((-key[0] for key, _ in self.best.values()), reverse=True)[self.limit - 1]
