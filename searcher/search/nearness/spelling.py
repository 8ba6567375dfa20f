"""How folded words are compared: one or many, and how many typing errors lie between two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SHORTEST = 3
"""Letters of a word that may be mistyped."""
LONG = 6
"""Letters from which on two errors are allowed."""


def singular(word: str) -> str:
    """An English noun's singular by its spelling: rings, rubies, watches; any other word stays as it is."""
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def allowed(word: str) -> int:
    """How many typing errors a word may hold: none in numbers and in the shortest, one below `LONG`, else two.

    These are the steps of Elasticsearch's fuzziness AUTO (its reference, Common options).
    """
    if len(word) < SHORTEST or not word.isalpha():
        return 0
    return 1 if len(word) < LONG else 2


def nearest(word: str, known: Mapping[str, int], most: int = 1) -> list[str]:
    """The known words that a mistyped one was meant to be, likeliest first.

    Fewer errors come first, then the same first letter, then the more frequent, then the alphabet. Words two errors
    away begin with the same letter.

    Args:
        word: folded.
        known: folded words with how often they are used.
        most: how many.
    """
    errors = allowed(word)
    if not errors:
        return []
    found = []
    for other, count in known.items():
        if abs(len(other) - len(word)) > errors or not other.isalpha() or len(other) < SHORTEST:
            continue
        same = other[0] == word[0]
        distance = errors_between(word, other, errors if same else 1)
        if distance is not None:
            found.append((distance, not same, -count, other))
    return [other for _, _, _, other in sorted(found)[:most]]


def errors_between(first: str, second: str, most: int) -> int | None:
    """Letters added, left out, changed or swapped with their neighbour between two words; None where above ``most``.

    The restricted edit distance of F. Damerau, *A technique for computer detection and correction of spelling errors*,
    CACM 7 (1964).
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most and (not before or min(before) > most):
            return None
    return row[-1] if row[-1] <= most else None


def listed(words: Iterable[str]) -> str:
    """Words for a sentence: ``'gold', 'ring'``."""
    return ", ".join(map(repr, words))
