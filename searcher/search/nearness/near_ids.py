"""The product ids that one which is not there was meant to be: written otherwise, mistyped, or with more around it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import pairwise

from searcher.search.nearness.spelling import SHORTEST, errors_between, fold

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

_RUNS = re.compile(r"\d+|[^\W\d_]+")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)", re.ASCII)
_TELLING = re.compile(r"\d|.{3}")
"""A number, or three letters: less of an id is no reason to think of another."""


class NearIds:
    """The ids of one generation by what they come down to; see `keys`. Never changes, so that threads may share it.

    To find the near ones of an id takes a few thousand looks into a sorted list, however many ids there are.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        found = sorted((key, one) for one in ids for key in keys(one))
        self._keys = [key for key, _ in found]
        self._ids = [one for _, one in found]
        often = Counter("".join(self._keys))
        self._letters = [letter for letter, _ in often.most_common(LETTERS) if letter != "."]
        starts = Counter(run for key in self._keys if not (run := _RUNS.findall(key)[0]).isdigit())
        self._starts = [start for start, _ in starts.most_common(BEGINNINGS)]

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
        place = bisect_left(self._keys, key)
        end = place
        while end < min(len(self._keys), place + SAME) and self._keys[end] == key:
            end += 1
        return self._ids[place:end]

    def _mistyped(self, asked: str) -> list[str]:
        """Ids that one letter added, left out, changed or swapped with its neighbour makes of it, nearest first.

        The other way round, comparing it with every id, takes a second for 100,000 of them.
        """
        word = "".join(_runs(asked))
        if len(word) < SHORTEST:
            return []
        ways = {_ZEROS.sub("", way) for way in _one_error(word, self._letters)}
        found = {one for key in ways for one in self._of(key)}
        return sorted(found, key=lambda one: _distance(asked, one))

    def _shorter(self, asked: str) -> Iterator[str]:
        """Ids that it begins with: of J0004.jpg, or of a variant that the shop's own address names."""
        runs = _runs(asked)
        for end in range(len(runs) - 1, 0, -1):
            beginning = " ".join(runs[:end])
            if _TELLING.search(beginning):
                yield from self._of(keys(beginning)[0])

    def _longer(self, own: Iterable[str]) -> Iterator[str]:
        """Ids that begin with it; a number goes on to its last digit."""
        for key in own:
            place = bisect_left(self._keys, key)
            if not _TELLING.search(key):
                continue
            for other, one in zip(self._keys[place : place + SAME], self._ids[place : place + SAME], strict=True):
                if other.startswith(key) and not (key[-1].isdigit() and other[len(key) :][:1].isdigit()):
                    yield one

    def _alike(self, own: Iterable[str]) -> Iterator[str]:
        for key in own:
            place = max(0, bisect_left(self._keys, key) - COMPARED // 2)
            beside = dict.fromkeys(self._keys[place : place + COMPARED])
            for other in get_close_matches(key, beside, n=3, cutoff=ALIKE):
                yield from self._of(other)


def keys(product_id: str) -> tuple[str, ...]:
    """What an id comes down to: letters and numbers without case, accents, zeros in front and what is between them.

    ``J-0004`` is ``j4``. Where a number is parted, there are two: ``12-034`` is ``12.34``, and ``12034`` as well.
    """
    runs = _runs(product_id)
    if not runs:
        return ()
    pairs = pairwise(["", *runs])
    apart = "".join(f".{run}" if run[0].isdigit() and before[-1:].isdigit() else run for before, run in pairs)
    whole = _ZEROS.sub("", "".join(runs))
    return (whole,) if "." not in apart else (_ZEROS.sub("", apart), whole)


def _runs(text: str) -> list[str]:
    """Letters and numbers of an id, folded, in digits 0 to 9."""
    plain = fold(text)
    if not plain.isascii():
        plain = "".join(str(unicodedata.decimal(one, one)) for one in plain)
    return _RUNS.findall(plain)


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
    first, second = "".join(_runs(asked)), "".join(_runs(one))
    errors = errors_between(first, second, _FAR)
    return asked.casefold() != one.casefold(), errors or _FAR * (errors is None), sorted(first) != sorted(second), one
