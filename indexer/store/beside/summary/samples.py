"""Samples of a generation, and the values of its keyword fields: asked of the store, whatever its size, in no time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from indexer.fields.roles import UNTELLING
from indexer.fields.types import FieldTable, FieldType
from indexer.store.beside.summary.words import text_fields
from indexer.store.filters.tree import DateRange, Filter, Range, values_at
from indexer.store.interface import Store

if TYPE_CHECKING:
    import sqlite3

SAMPLE = 1_000
"""Photos: the first in order of id, and ids are hashes, so a fair draw."""
MAX_VALUES = 2_000
"""Values of a keyword field that are words a customer may use; a field with more of them holds names or numbers."""
RANGED = (FieldType.NUMBER, FieldType.DATE)


@dataclass(frozen=True, slots=True)
class KeywordValues:
    """What the keyword fields hold that describe the pieces."""

    accents: bool
    """Whether a sample of the texts holds letters beyond ASCII."""
    held: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of each field with up to `MAX_VALUES` of them, the values with how many photos have each."""


def keyword_values(store: Store) -> KeywordValues:
    """Ask a store for them; raises ``StoreError``."""
    table = store.record.field_table
    texts = text_fields(table)
    names = ["category", *(name for name, kind in table.items() if kind is FieldType.KEYWORD)]
    names = [name for name in dict.fromkeys(names) if name not in UNTELLING]
    sample = [point.payload for point in islice(store.scroll(fields=["product_id", *names, *texts]), SAMPLE)]
    products = len({payload["product_id"] for payload in sample})
    accents = any(not text.isascii() for payload in sample for name in texts for text in values_at(payload, name))
    held: dict[str, dict[str, int]] = {}
    for name in names:
        drawn = {value for payload in sample for value in values_at(payload, name)}
        if len(sample) == SAMPLE and len(drawn) > products / 2:
            continue  # article numbers and the like: to list the values of such a field takes a store seconds
        values = {str(value): count for value, count in store.facet(name, limit=MAX_VALUES + 1)}
        if len(values) <= MAX_VALUES:
            held[name] = values
    return KeywordValues(accents, held)


def drawn_values(store: Store, name: str, kind: FieldType) -> list[Any]:
    """The values of a number or date field in a sample of the photos that have it; raises ``StoreError``."""
    present = Filter(must=(DateRange(name) if kind is FieldType.DATE else Range(name),))
    sample = islice(store.scroll(present, fields=[name]), SAMPLE)
    return [value for point in sample for value in values_at(point.payload, name)]


def ranged_fields(table: FieldTable) -> FieldTable:
    """The number and date fields of a catalog."""
    return {name: kind for name, kind in table.items() if kind in RANGED}


def write_samples(connection: sqlite3.Connection, store: Store) -> dict[str, str]:
    """Note all this in place of what was noted before; returns facts, as JSON."""
    values = keyword_values(store)
    connection.execute("DELETE FROM held")
    connection.executemany(
        "INSERT INTO held VALUES (?, ?, ?)",
        [(name, value, count) for name, counts in values.held.items() for value, count in counts.items()],
    )
    table = ranged_fields(store.record.field_table)
    drawn = [(name, json.dumps(drawn_values(store, name, kind))) for name, kind in table.items()]
    connection.execute("DELETE FROM samples")
    connection.executemany("INSERT INTO samples VALUES (?, ?)", drawn)
    return {"accents": json.dumps(values.accents), "held": json.dumps(list(values.held))}


def read_values(connection: sqlite3.Connection, names: list[str], *, accents: bool) -> KeywordValues:
    """The inverse."""
    held: dict[str, dict[str, int]] = {name: {} for name in names}
    for name, value, count in connection.execute("SELECT field, value, photos FROM held"):
        held[name][value] = count
    return KeywordValues(accents, held)
