"""What a text means to one catalog: its words as they are known there, mistyped ones put right, ids of products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import fsum

from indexer.store.beside.summary.folding import fold
from indexer.store.filters.tree import Filter, Match
from indexer.system.forks import once
from indexer.system.names import composed
from searcher.search.ground.candidate import DECIMALS
from searcher.search.nearness.spelling import listed
from searcher.search.words.english import words_of
from searcher.search.words.question import read_question
from searcher.search.words.vocabulary import KnownWord, Vocabulary

NOTHING = Filter(must=(Match("category", ()),))
"""Nothing passes."""
MAX_WAYS = 200
"""Sets of words that are enough for a least score, beyond which they are not listed."""
HINTS = 8
"""Words of the catalog that are named where none of a question's is known."""
PLAIN_NUMBER = 2
"""Digits of a number that is a size or a carat before it is a product id."""


@dataclass(frozen=True)
class Meaning:
    """A text, read against the vocabulary of one generation."""

    known: tuple[KnownWord, ...]
    """What a product should have."""
    unknown: tuple[str, ...]
    """Words that are nowhere in the catalog, nor near to one that is, wanted or not."""
    corrected: tuple[tuple[str, str], ...] = ()
    """Words that are nowhere, and what was searched for in their place."""
    without: tuple[KnownWord, ...] = ()
    """What a product must not have."""
    hints: tuple[str, ...] = ()
    """Words to try, where no word is known."""
    asks: bool = True
    """Whether it asks for a word to have, and not only for words not to have."""

    @property
    def finds_nothing(self) -> bool:
        """Whether it asks for words, and no product has one of them: what nothing has, everything is without."""
        return not self.known and self.asks

    @once
    def left(self) -> Filter | None:
        """What passes is not said not to be wanted."""
        if not self.without:
            return None
        # Filters in a filter: a server answers "X and not X" wrongly where both stand side by side.
        return Filter(must=(Filter(must_not=tuple(word.condition for word in self.without)),))

    def matching(self, least: float | None = None) -> Filter | None:
        """The filter that passes what matches at all, or with a score of ``least`` and more, negations aside.

        None where nothing is asked for, or where the sets of words that are enough are too many to list.
        """
        if self.finds_nothing:
            return NOTHING
        if not self.known:
            return None
        ways = list(islice(_ways(self.known, least or 0.0), MAX_WAYS + 1))
        return None if len(ways) > MAX_WAYS else Filter(should=tuple(map(_all_of, ways)))

    def notes(self) -> Iterator[str]:
        """What a person should know of how the text was read, a sentence each."""
        for word, instead in self.corrected:
            yield f"No product has a word {word!r}; searched for {instead!r} instead."
        if self.unknown:
            yield f"No product has a word {listed(self.unknown)}."
        if self.hints:
            yield f"Words of this catalog are {listed(self.hints)}."
        if self.without:
            yield f"Left out is what has a word {listed(word.word for word in self.without)}."


def read_meaning(vocabulary: Vocabulary, text: str) -> Meaning:
    """What a text means to a catalog; raises ``UsageError`` where it holds no word, or too many.

    A product id is meant where it is the whole text, or no word that the catalog has besides. A word that is nowhere is
    read as the nearest one that is, as far as typing errors go.
    """
    asked = read_question(text)
    reading = _Reading(vocabulary)
    for product in vocabulary.products(asked.spans):
        reading.take_product(product, asked.spans[0], asked.without)
    known = reading.take(asked.words, reading.products)
    without = reading.take(asked.without, reading.not_these)
    asks = bool(asked.words or reading.products)
    nothing = not known and asks and reading.unknown
    return Meaning(
        known,
        tuple(reading.unknown),
        tuple(reading.corrected.items()),
        without,
        vocabulary.hints(reading.unknown, HINTS) if nothing else (),
        asks,
    )


@dataclass
class _Reading:
    """A text while it is read."""

    vocabulary: Vocabulary
    unknown: list[str] = field(default_factory=list)
    corrected: dict[str, str] = field(default_factory=dict)
    products: list[KnownWord] = field(default_factory=list)
    not_these: list[KnownWord] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """Words that are the id of a product, or part of it."""
    taken: set[str] = field(default_factory=set)
    """Those of them that are nothing else."""

    def take_product(self, product: KnownWord, whole: str, without: Sequence[str]) -> None:
        """Note a product whose id is in the text, if it is meant."""
        words = words_of(composed(product.word))
        if fold(product.word) != fold(composed(whole)):
            number = product.word.isdecimal() and len(product.word) <= PLAIN_NUMBER
            if number or (len(words) == 1 and self.vocabulary.look_up(words[0]).weight):
                return
        self.said.update(words)
        self.taken.update(words if len(words) > 1 else ())
        (self.not_these if words and set(words) <= set(without) else self.products).append(product)

    def take(self, words: Sequence[str], products: Sequence[KnownWord]) -> tuple[KnownWord, ...]:
        """The words as the catalog knows them, and the products among them; the others are noted."""
        found = {product.word: product for product in products}
        for word in words:
            known = self.vocabulary.look_up(word)
            if word in self.taken or (word in self.said and not known.weight):
                continue
            if not known.weight:
                known = self._put_right(word) or known
            if known.weight:
                found.setdefault(f"{known.word} ", known)  # with a space: a product's id may be that word
            else:
                self.unknown.append(word)
        return tuple(found.values())

    def _put_right(self, word: str) -> KnownWord | None:
        for near in self.vocabulary.near(word):
            if (known := self.vocabulary.look_up(near)).weight:
                self.corrected[word] = near
                return known
        return None


def _ways(words: Sequence[KnownWord], least: float) -> Iterator[list[KnownWord]]:
    """The sets of words that are just enough for a score of ``least``, each of which needs all of its words."""
    ranked = sorted(words, key=lambda word: -word.weight)
    total = fsum(word.weight for word in words)

    def enough(chosen: Sequence[KnownWord]) -> bool:
        return bool(chosen) and round(fsum(word.weight for word in chosen) / total, DECIMALS) >= least

    def go(start: int, chosen: list[KnownWord]) -> Iterator[list[KnownWord]]:
        for place in range(start, len(ranked)):
            now = [*chosen, ranked[place]]
            if enough(now):
                yield now
            elif enough([*now, *ranked[place + 1 :]]):
                yield from go(place + 1, now)
            else:
                return  # the words that follow weigh no more

    return go(0, [])


def _all_of(words: Sequence[KnownWord]) -> Filter:
    return words[0].condition if len(words) == 1 else Filter(must=tuple(word.condition for word in words))
