"""The ids of a generation's products by what they come down to, and which letters and beginnings they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from indexer.store.beside.summary.keys import beginning_of, keys

if TYPE_CHECKING:
    import sqlite3

LETTER, BEGINNING = "letter", "beginning"
"""Kinds of signs: how often a letter is in the keys, and how many keys begin with some letters before a number."""


def write_ids(connection: sqlite3.Connection, new: Iterable[str], gone: Iterable[str] = ()) -> None:
    """Add the keys of ids that are new, and take away those of ids that are gone."""
    added = [(key, product) for product in new for key in keys(product)]
    removed = [(key, product) for product in gone for key in keys(product)]
    connection.executemany("INSERT INTO keys VALUES (?, ?)", sorted(added))
    connection.executemany("DELETE FROM keys WHERE key = ? AND product = ?", removed)
    signs = signs_of(key for key, _ in added)
    signs.subtract(signs_of(key for key, _ in removed))
    connection.executemany(
        "INSERT INTO signs VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET often = often + excluded.often",
        [(kind, sign, often) for (kind, sign), often in signs.items() if often],
    )
    connection.execute("DELETE FROM signs WHERE often = 0")


def signs_of(found: Iterable[str]) -> Counter[tuple[str, str]]:
    """How often each sign is in some keys."""
    held = list(found)
    letters, starts = Counter("".join(held)), Counter(filter(None, map(beginning_of, held)))
    kinds = ((LETTER, letters), (BEGINNING, starts))
    return Counter({(kind, sign): often for kind, signs in kinds for sign, often in signs.items()})


def most_frequent(signs: Counter[tuple[str, str]], kind: str, most: int) -> list[str]:
    """The signs of a kind that are most frequent, of equal ones the first in the alphabet."""
    ranked = sorted((-often, sign) for (of, sign), often in signs.items() if of == kind)
    return [sign for _, sign in ranked[:most]]
