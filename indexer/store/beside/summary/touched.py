"""What the points that a draft writes over were before, noted while it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from indexer.fields.types import FieldTable
from indexer.store.beside.summary.words import Word, text_fields, words_of_texts
from indexer.store.records import Point


@dataclass
class Touched:
    """Points that were written, replaced or deleted: enough of what they were to correct a summary."""

    ids: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    """The products they were photos of."""
    words: Counter[Word] = field(default_factory=Counter)
    """The words that their texts had, less with each."""

    def note(self, ids: Iterable[str], points: Iterable[Point], table: FieldTable) -> None:
        """Note points before they are touched for the first time.

        Args:
            ids: of these, whether they are there or not.
            points: those that are there, as they were before.
            table: of the fields.
        """
        self.ids.update(ids)
        texts = text_fields(table)
        for point in points:
            self.products.add(str(point.payload["product_id"]))
            self.words.subtract(words_of_texts(point.payload, texts))
