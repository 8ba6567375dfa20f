"""The words that the texts of a generation are written with, as they are spelled, and in how many texts each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from indexer.fields.types import FieldTable, FieldType, Payload
from indexer.store.beside.summary.folding import runs_of
from indexer.store.filters.tree import values_at
from indexer.system.names import composed

if TYPE_CHECKING:
    import sqlite3


class Word(NamedTuple):
    """A word as some texts spell it; case and accents count."""

    text: str
    """In composed characters."""
    composed: bool
    """Whether the texts are written in these, or have accents as characters of their own."""


def text_fields(table: FieldTable) -> tuple[str, ...]:
    """The fields that hold texts."""
    return tuple(name for name, kind in table.items() if kind is FieldType.TEXT)


def words_of_texts(payload: Payload, fields: Iterable[str]) -> Iterator[Word]:
    """The words of a photo's texts, each once a text."""
    for field in fields:
        for text in values_at(payload, field):
            whole = composed(text)
            yield from (Word(word, whole == text) for word in dict.fromkeys(runs_of(whole)))


def add_words(connection: sqlite3.Connection, counts: Mapping[Word, int]) -> bool:
    """Add to the texts that each word is in, or take away; False where more would be taken than there are."""
    changed = [(*word, count) for word, count in sorted(counts.items()) if count]
    connection.executemany(
        "INSERT INTO words VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET texts = texts + excluded.texts", changed
    )
    least = [row for word in counts for row in _texts(connection, word)]
    connection.executemany("DELETE FROM words WHERE word = ? AND composed = ? AND texts = 0", counts)
    return min(least, default=0) >= 0


def _texts(connection: sqlite3.Connection, word: Word) -> list[int]:
    found = connection.execute("SELECT texts FROM words WHERE word = ? AND composed = ?", word)
    return [texts for (texts,) in found]


def read_words(connection: sqlite3.Connection) -> Counter[Word]:
    """All of them."""
    return Counter(
        {
            Word(word, bool(whole)): texts
            for word, whole, texts in connection.execute("SELECT word, composed, texts FROM words")
        }
    )
