"""The words one generation knows: which values and texts a word stands for, and how much it tells products apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from indexer.fields.types import Payload
from indexer.store.beside.summary.folding import fold
from indexer.store.beside.summary.reading import Summary, Summed
from indexer.store.beside.summary.samples import KeywordValues, keyword_values
from indexer.store.beside.summary.words import text_fields
from indexer.store.filters.normal_forms import spellings
from indexer.store.filters.tree import Condition, Filter, Match, Text, values_at
from indexer.store.interface import Store
from indexer.system.forks import Lock
from indexer.system.names import composed, decomposed
from searcher.search.ground.published import Published
from searcher.search.nearness.spelling import allowed, nearest, singular
from searcher.search.words.english import forms, words_of
from searcher.search.words.written import WrittenWords

REMEMBERED = 10_000
"""Words whose weight is kept."""
COMPARED = 5_000
"""Words that one which is nowhere is compared with."""


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A word with what it matches: any form of it in a text field, or any of the values that contain it."""

    word: str
    forms: frozenset[str]
    """Folded; see `indexer.store.beside.summary.folding.fold`."""
    values: dict[str, tuple[str, ...]]
    condition: Filter
    weight: float
    """Its idf; 0 when nothing in the catalog matches."""


class Vocabulary:
    """Words of one generation; keep it as long as the store. Threads may share it.

    A word's weight is its inverse document frequency ln(1 + (N - n + 0.5) / (n + 0.5)), n of N photos matching: the
    weight of S. Robertson & K. Spärck Jones, *Relevance weighting of search terms*, JASIS 27 (1976), with no
    relevance known, and with the 1 that keeps it above zero for words that most of the catalog has.

    The values of keywords are listed. The words of texts are for the store to find, letter by letter; they are looked
    at only where that is not enough: in a catalog that writes with accents (a sample tells), or when a word is nowhere.
    """

    def __init__(self, store: Store, summed: Summed | None = None) -> None:
        self._store, self._summed = store, summed or Summed()
        self._lock = Lock()
        self._values: dict[str, dict[str, list[str]]] | None = None
        self._often: Counter[str] = Counter()
        self._accents = False
        self._photos = 0
        self._known: dict[str, KnownWord] = {}
        self._near: dict[tuple[str, int], tuple[str, ...]] = {}
        self.text_fields = text_fields(store.record.field_table)
        self._written = WrittenWords(store, self.text_fields, self._summed)
        self.fields: tuple[str, ...] = ()

    def look_up(self, word: str) -> KnownWord:
        """What a word of `words_of` means here."""
        with self._lock:
            values = self._read_once()
            if word not in self._known:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[word] = self._read(word, values)
            return self._known[word]

    def near(self, word: str, most: int = 1) -> tuple[str, ...]:
        """Words of the catalog that a mistyped one may have been meant to be, likeliest first, as they are spelled."""
        with self._lock:
            self._read_once()
            if (word, most) not in self._near:
                if len(self._near) >= REMEMBERED:
                    self._near.clear()
                errors, length = allowed(fold(word)), len(fold(word))
                known = self._often + self._written.often(length - errors, length + errors)
                found = nearest(fold(word), known, most) if errors else []
                self._near[word, most] = tuple(min(self._written.spelled(one), default=one) for one in found)
            return self._near[word, most]

    def hints(self, words: Sequence[str], most: int) -> tuple[str, ...]:
        """Words of the catalog to try in place of others: those spelled somewhat alike, then the most frequent."""
        with self._lock:
            self._read_once()
            often = self._often + self._written.often()
        ranked = sorted(often, key=lambda word: (-often[word], word))
        telling = [word for word in ranked if word.isalpha() and len(word) > 2]
        alike = (
            near
            for word in map(fold, words)
            for near in get_close_matches(word, [one for one in telling[:COMPARED] if one[0] == word[0]], n=3)
        )
        return tuple(dict.fromkeys((*alike, *telling[:most])))[:most]

    def products(self, spans: Sequence[str]) -> list[KnownWord]:
        """The products of which a span is the id, whatever its case and normal form, each as a word of its own that
        weighs twice as much as others: whoever types an id means that product."""
        spelled = spellings(form for span in spans for form in (span, span.upper(), span.lower()))
        asked = Filter(must=(Match("product_id", spelled),))
        points = self._store.scroll(asked, fields=["product_id"])
        photos = Counter(str(point.payload["product_id"]) for point in points)
        total = self._photos or self._store.count()
        return [
            KnownWord(name, frozenset(), {"product_id": (name,)}, _is_product(name), 2 * _idf(total, found))
            for name, found in sorted(photos.items())
        ]

    def matches(self, payload: Payload, words: Sequence[KnownWord]) -> list[KnownWord]:
        """Those of the words that a photo's payload matches."""
        texts = {
            fold(word)
            for field in self.text_fields
            for text in values_at(payload, field)
            for word in words_of(composed(text))
        }
        named = ("product_id", *(field for field in self.fields if field not in self.text_fields))
        held = {field: set(values_at(payload, field)) for field in named}
        return [
            word
            for word in words
            if word.forms & texts or any(held[field].intersection(values) for field, values in word.values.items())
        ]

    def _read_once(self) -> dict[str, dict[str, list[str]]]:
        if self._values is None:
            known = self._summed.ask(Summary.keyword_values) or keyword_values(self._store)
            self._values, self._often, self._accents = (*_by_word(known), known.accents)
            self._photos = self._store.count()
            self.fields = (*self.text_fields, *self._values)
        return self._values

    def _read(self, word: str, values: dict[str, dict[str, list[str]]]) -> KnownWord:
        folded = frozenset(form for one in {word, fold(word)} for form in map(fold, forms(one)))
        own = {
            field: tuple(dict.fromkeys(found))
            for field, by_word in values.items()
            if (found := [value for one in sorted(folded) for value in by_word.get(singular(one), ())])
        }
        spelled = dict.fromkeys((*forms(word), *sorted(folded), *map(decomposed, forms(word))))
        if self._accents or not word.isascii():
            spelled.update(dict.fromkeys(form for one in sorted(folded) for form in sorted(self._written.spelled(one))))
        either: list[Condition] = [Text(field, form) for field in self.text_fields for form in spelled]
        either += [Match(field, held) for field, held in own.items()]
        where = Filter(should=tuple(either))
        found_in = self._store.count(where) if either else 0
        return KnownWord(word, folded, own, where, _idf(self._photos, found_in))


def vocabulary_of(published: Published) -> Vocabulary:
    """The words of a generation's keywords, for `Published.memo`."""
    return Vocabulary(published.store, published.summed)


def _idf(photos: int, found: int) -> float:
    return math.log1p((photos - found + 0.5) / (found + 0.5)) if found else 0.0


def _is_product(product_id: str) -> Filter:
    return Filter(must=(Match("product_id", (product_id,)),))


def _by_word(known: KeywordValues) -> tuple[dict[str, dict[str, list[str]]], Counter[str]]:
    """Of each keyword field that holds words, the values by the singular of each word in them, folded; and how many
    photos have each of these words."""
    found: dict[str, dict[str, list[str]]] = {}
    often: Counter[str] = Counter()
    for name, values in known.held.items():
        by_word: dict[str, list[str]] = {}
        for value, count in sorted(values.items()):
            for word in {singular(fold(word)) for word in words_of(composed(value))}:
                by_word.setdefault(word, []).append(value)
                often[word] += count
        found[name] = by_word
    return found, often
