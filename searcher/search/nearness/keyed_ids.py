"""The ids of one generation by their keys, in order: those that are listed here, or those that its summary has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Protocol

from indexer.store.beside.summary.ids import most_frequent, signs_of
from indexer.store.beside.summary.keys import keys


class KeyedIds(Protocol):
    """Keys and ids in order of key and then id; `indexer.store.beside.summary.reading.Summary` is one."""

    def signs(self, kind: str, most: int) -> list[str]:
        """The letters that are most frequent in the keys, or the beginnings; see `indexer.store.beside.summary.ids`."""

    def of_key(self, key: str, most: int) -> list[str]:
        """The first ids of a key."""

    def from_key(self, key: str, most: int) -> list[tuple[str, str]]:
        """The first keys from this one on, each with an id."""

    def before_key(self, key: str, most: int) -> list[tuple[str, str]]:
        """The last keys before this one, each with an id."""


class ListedIds:
    """Ids that are sorted here: 100,000 of them take a second."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._found = sorted((key, one) for one in ids for key in keys(one))
        self._signs = signs_of(key for key, _ in self._found)

    def signs(self, kind: str, most: int) -> list[str]:
        """See `KeyedIds.signs`."""
        return most_frequent(self._signs, kind, most)

    def of_key(self, key: str, most: int) -> list[str]:
        """See `KeyedIds.of_key`."""
        return [one for other, one in self.from_key(key, most) if other == key]

    def from_key(self, key: str, most: int) -> list[tuple[str, str]]:
        """See `KeyedIds.from_key`."""
        place = bisect_left(self._found, (key, ""))
        return self._found[place : place + most]

    def before_key(self, key: str, most: int) -> list[tuple[str, str]]:
        """See `KeyedIds.before_key`."""
        place = bisect_left(self._found, (key, ""))
        return self._found[max(0, place - most) : place]
