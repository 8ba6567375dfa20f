"""The values that one which no product has was meant to be: written otherwise, one of its words, mistyped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from indexer.store.beside.summary.folding import fold, runs_of
from searcher.search.nearness.spelling import SHORTEST, allowed, errors_between, singular

LONGEST = 64
"""Letters of what was asked for that are looked at; values are short, and whoever asks may be a stranger."""


def near_values(asked: str, known: Mapping[str, int], most: int = 3) -> list[str]:
    """The known values that were likeliest meant, likeliest first; none where none is near.

    First the same one in other letters (``Gold``, `` gold ``, ``rose-gold``), then the same words as one or many
    (``ring``: rings), then values of which it is a word, or that are some of its words, then mistyped ones, then those
    that begin with it. Of equal ones the more frequent comes first, then the alphabet.

    Args:
        asked: the value that no product has.
        known: the values there are, with how often each is used.
        most: how many.
    """
    return _nearest(_Words(asked).distance, known, most)


def beginning_values(asked: str, known: Mapping[str, int], most: int = 3) -> list[str]:
    """The known values of which a beginning, or that of a word in them, is nearest to what no value begins with."""
    start = fold(asked.strip()[:LONGEST])
    return _nearest(lambda other: _start_distance(start, other), known, most)


def _nearest(distance: Callable[[str], tuple[int, int] | None], known: Mapping[str, int], most: int) -> list[str]:
    ranked = ((distance(other), -count, other) for other, count in known.items())
    return [other for _, _, other in sorted(one for one in ranked if one[0] is not None)[:most]]


class _Words:
    """A value as it is compared with others."""

    def __init__(self, value: str) -> None:
        self.words = _words(value)
        self.whole = "".join(self.words)
        self.one = sorted(map(singular, self.words))

    def distance(self, value: str) -> tuple[int, int] | None:
        """How far a value is: the kind of difference, and how much of it; None where it is not near."""
        if not self.whole:
            return None
        words = _words(value)
        whole = "".join(words)
        if whole == self.whole:
            return 0, 0
        one = sorted(map(singular, words))
        if one == self.one:
            return 1, 0
        if words and (set(one) <= set(self.one) or set(self.one) <= set(one)):
            return 2, abs(len(one) - len(self.one))
        errors = _errors(self.whole, whole)
        if errors is None and len(words) == len(self.words) > 1:
            errors = _sum(_errors(*pair) for pair in zip(self.words, words, strict=True))
        if errors is not None:
            return 3, errors
        if len(self.whole) >= SHORTEST and whole.startswith(self.whole):
            return 4, len(whole) - len(self.whole)
        return None


def _words(value: str) -> list[str]:
    return runs_of(fold(value[: 2 * LONGEST]))


def _errors(first: str, second: str) -> int | None:
    """Typing errors between two words; None where they are more than such a word may hold."""
    if first == second:
        return 0
    return errors_between(first, second, most) if (most := min(allowed(first), allowed(second))) else None


def _sum(numbers: Iterable[int | None]) -> int | None:
    found = list(numbers)
    return sum(one for one in found if one is not None) if None not in found else None


def _start_distance(start: str, value: str) -> tuple[int, int] | None:
    other = fold(value[: 2 * LONGEST])
    if not start:
        return None
    if other.startswith(start):
        return 0, 0
    if any(word.startswith(start) for word in runs_of(other)):
        return 1, 0
    errors = _errors(start, other[: len(start)])
    return None if errors is None else (2, errors)
