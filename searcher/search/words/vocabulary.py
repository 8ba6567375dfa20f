"""The words one generation knows: which keyword values a word stands for, and how much it tells products apart."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from itertools import islice

from indexer.fields.roles import UNTELLING
from indexer.fields.types import FieldType, Payload
from indexer.store.filters.tree import Condition, Filter, Match, Text
from indexer.store.interface import Store
from searcher.search.facets.census import values_at
from searcher.search.ground.published import Published
from searcher.search.words.english import forms, singular, words_of

MAX_VALUES = 2_000
"""Values of a keyword field that are words a customer may use; a field with more of them holds names or numbers."""
REMEMBERED = 10_000
"""Words whose weight is kept."""
_SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A word with what it matches: any form of it in a text field, or any of the values that contain it."""

    word: str
    forms: frozenset[str]
    values: dict[str, tuple[str, ...]]
    condition: Filter
    weight: float
    """Its idf; 0 when nothing in the catalog matches."""


class Vocabulary:
    """Words of one generation; keep it as long as the store. Threads may share it.

    A word's weight is its inverse document frequency ln(1 + (N - n + 0.5) / (n + 0.5)), n of N photos matching: the
    weight of S. Robertson & K. Spärck Jones, *Relevance weighting of search terms*, JASIS 27 (1976), with no
    relevance known, and with the 1 that keeps it above zero for words that most of the catalog has.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._values: dict[str, dict[str, list[str]]] | None = None
        self._photos = 0
        self._known: dict[str, KnownWord] = {}
        self.text_fields = tuple(name for name, kind in store.record.field_table.items() if kind is FieldType.TEXT)
        self.fields: tuple[str, ...] = ()

    def look_up(self, word: str) -> KnownWord:
        """What a word of `words_of` means here."""
        with self._lock:
            if self._values is None:
                self._values, self._photos = _read_values(self._store), self._store.count()
                self.fields = (*self.text_fields, *self._values)
            if word not in self._known:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[word] = self._read(word, self._values)
            return self._known[word]

    def _read(self, word: str, values: dict[str, dict[str, list[str]]]) -> KnownWord:
        spelled = forms(word)
        own = {field: tuple(by_word[singular(word)]) for field, by_word in values.items() if singular(word) in by_word}
        either: list[Condition] = [Text(field, form) for field in self.text_fields for form in spelled]
        either += [Match(field, held) for field, held in own.items()]
        where = Filter(should=tuple(either))
        found = self._store.count(where) if either else 0
        weight = math.log1p((self._photos - found + 0.5) / (found + 0.5)) if found else 0.0
        return KnownWord(word, frozenset(spelled), own, where, weight)

    def matches(self, payload: Payload, words: list[KnownWord]) -> list[KnownWord]:
        """Those of the words that a photo's payload matches."""
        texts = {word for field in self.text_fields for text in values_at(payload, field) for word in words_of(text)}
        held = {field: set(values_at(payload, field)) for field in self.fields if field not in self.text_fields}
        return [
            word
            for word in words
            if word.forms & texts or any(held[field].intersection(values) for field, values in word.values.items())
        ]


def vocabulary_of(published: Published) -> Vocabulary:
    """The words of a generation's keywords, for `Published.memo`."""
    return Vocabulary(published.store)


def _read_values(store: Store) -> dict[str, dict[str, list[str]]]:
    """Of each keyword field that holds words: the values by the singular of each word in them."""
    names = ["category", *(n for n, kind in store.record.field_table.items() if kind is FieldType.KEYWORD)]
    names = [name for name in dict.fromkeys(names) if name not in UNTELLING]
    sample = [point.payload for point in islice(store.scroll(fields=["product_id", *names]), _SAMPLE)]
    products = len({payload["product_id"] for payload in sample})
    found: dict[str, dict[str, list[str]]] = {}
    for name in names:
        drawn = {value for payload in sample for value in values_at(payload, name)}
        if len(sample) == _SAMPLE and len(drawn) > products / 2:
            continue  # article numbers and the like: to list the values of such a field takes a store seconds
        values = [str(value) for value, _ in store.facet(name, limit=MAX_VALUES + 1)]
        if len(values) > MAX_VALUES:
            continue
        by_word: dict[str, list[str]] = {}
        for value in sorted(values):
            for word in {singular(word) for word in words_of(value)}:
                by_word.setdefault(word, []).append(value)
        found[name] = by_word
    return found
