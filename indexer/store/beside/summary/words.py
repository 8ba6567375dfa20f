"""The words that the texts of a generation are written with, as they are spelled, and in how many texts each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from indexer.fields.types import FieldTable, FieldType, Payload
from indexer.store.beside.summary.folding import fold, runs_of
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
    changed = [(fold(word.text), *word, count) for word, count in sorted(counts.items()) if count]
    connection.executemany(
        "INSERT INTO words VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET texts = texts + excluded.texts", changed
    )
    places = [row[:-1] for row in changed if row[-1] < 0]
    least = 0
    for place in places:
        question = "SELECT texts FROM words WHERE folded = ? AND word = ? AND composed = ?"
        least = min(least, *connection.execute(question, place).fetchone())
    connection.executemany("DELETE FROM words WHERE folded = ? AND word = ? AND composed = ? AND texts = 0", places)
    return least >= 0


def read_spellings(connection: sqlite3.Connection, folded: str) -> list[Word]:
    """The words that are this one, folded."""
    found = connection.execute("SELECT word, composed FROM words WHERE folded = ?", (folded,))
    return [Word(word, bool(whole)) for word, whole in found]


def read_often(connection: sqlite3.Connection, shortest: int, longest: int) -> Counter[str]:
    """In how many texts each folded word of some length is."""
    found = connection.execute(
        "SELECT folded, sum(texts) FROM words WHERE length(folded) BETWEEN ? AND ? GROUP BY folded", (shortest, longest)
    )
    return Counter(dict(found))
