"""The product ids that one which is not there was meant to be: written otherwise, mistyped, or with more around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from indexer.store.beside.summary.ids import BEGINNING, LETTER
from indexer.store.beside.summary.keys import keys, runs_of_id, without_zeros
from searcher.search.nearness.keyed_ids import KeyedIds
from searcher.search.nearness.spelling import SHORTEST, errors_between

LONGEST = 64
"""Letters of what was asked for that are looked at: whoever asks may be a stranger, and an id is not longer."""
LETTERS = 40
"""Letters that may stand in place of a mistyped one: the most frequent of the ids."""
BEGINNINGS = 20
"""Letters before the number of an id that may have been left out: the most frequent of the ids."""
COMPARED = 400
"""Ids next to one in order that are compared with it, where no plain typing error leads to an id."""
ALIKE = 0.7
"""How alike they must be, as `difflib` counts it."""
SAME = 50
"""Ids of one key that are put in order."""
_FAR = 9
"""Typing errors that are counted; two ids of one key may differ in more, which is all the same."""

_TELLING = re.compile(r"\d|.{3}")
"""A number, or three letters: less of an id is no reason to think of another."""


class NearIds:
    """The ids of one generation by what they come down to. Never changes, so that threads may share it.

    To find the near ones of an id takes a few thousand looks into a sorted list, however many ids there are.
    """

    def __init__(self, ids: KeyedIds) -> None:
        self._ids = ids
        self._letters = [letter for letter in ids.signs(LETTER, LETTERS) if letter != "."]
        self._starts = ids.signs(BEGINNING, BEGINNINGS)

    def near(self, asked: str, most: int = 3) -> list[str]:
        """The ids that were likeliest meant, likeliest first; none where none is near.

        An id that is written otherwise is the one that is meant: ``j0004``, ``J4``, ``J 0004`` and ``j-04`` are J0004,
        and where all ids have letters before the number, so is ``4``. Else ids of one typing error, then ids with less
        behind them or more (``J0004.jpg``), then what stands next to it in order and looks alike.
        """
        asked = asked.strip()[:LONGEST]
        own = keys(asked)
        same = {one for key in own for one in self._of(key)} or {
            one for key in own if key[0].isdigit() for start in self._starts for one in self._of(start + key)
        }
        if same:
            return sorted(same, key=lambda one: _distance(asked, one))[:most]
        found = (*self._mistyped(asked), *self._shorter(asked), *self._longer(own)) or self._alike(own)
        return list(dict.fromkeys(found))[:most]

    def _of(self, key: str) -> list[str]:
        """The ids of a key."""
        return self._ids.of_key(key, SAME)

    def _mistyped(self, asked: str) -> list[str]:
        """Ids that one letter added, left out, changed or swapped with its neighbour makes of it, nearest first.

        The other way round, comparing it with every id, takes a second for 100,000 of them.
        """
        word = "".join(runs_of_id(asked))
        if len(word) < SHORTEST:
            return []
        ways = {without_zeros(way) for way in _one_error(word, self._letters)}
        found = {one for key in ways for one in self._of(key)}
        return sorted(found, key=lambda one: _distance(asked, one))

    def _shorter(self, asked: str) -> Iterator[str]:
        """Ids that it begins with: of J0004.jpg, or of a variant that the shop's own address names."""
        runs = runs_of_id(asked)
        for end in range(len(runs) - 1, 0, -1):
            beginning = " ".join(runs[:end])
            if _TELLING.search(beginning):
                yield from self._of(keys(beginning)[0])

    def _longer(self, own: Iterable[str]) -> Iterator[str]:
        """Ids that begin with it; a number goes on to its last digit."""
        for key in own:
            if not _TELLING.search(key):
                continue
            for other, one in self._ids.from_key(key, SAME):
                if other.startswith(key) and not (key[-1].isdigit() and other[len(key) :][:1].isdigit()):
                    yield one

    def _alike(self, own: Iterable[str]) -> Iterator[str]:
        for key in own:
            before = self._ids.before_key(key, COMPARED // 2)
            around = (*before, *self._ids.from_key(key, COMPARED - len(before)))
            beside = dict.fromkeys(other for other, _ in around)
            for other in get_close_matches(key, beside, n=3, cutoff=ALIKE):
                yield from self._of(other)


def _one_error(word: str, letters: Iterable[str]) -> Iterator[str]:
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    for before, after in parts:
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in letters:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]


def _distance(asked: str, one: str) -> tuple[bool, int, bool, str]:
    """How far an id is from what was asked for: written with another case, other letters, or the same ones swapped."""
    first, second = "".join(runs_of_id(asked)), "".join(runs_of_id(one))
    errors = errors_between(first, second, _FAR)
    return asked.casefold() != one.casefold(), errors or _FAR * (errors is None), sorted(first) != sorted(second), one
