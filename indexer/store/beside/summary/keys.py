"""What a product's id comes down to, however it is written: the keys by which one that was mistyped is found again."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from indexer.store.beside.summary.folding import fold

_RUNS = re.compile(r"\d+|[^\W\d_]+")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)", re.ASCII)


def keys(product_id: str) -> tuple[str, ...]:
    """What an id comes down to: letters and numbers without case, accents, zeros in front and what is between them.

    ``J-0004`` is ``j4``. Where a number is parted, there are two: ``12-034`` is ``12.34``, and ``12034`` as well.
    """
    runs = runs_of_id(product_id)
    if not runs:
        return ()
    pairs = pairwise(["", *runs])
    apart = "".join(f".{run}" if run[0].isdigit() and before[-1:].isdigit() else run for before, run in pairs)
    whole = without_zeros("".join(runs))
    return (whole,) if "." not in apart else (without_zeros(apart), whole)


def runs_of_id(text: str) -> list[str]:
    """Letters and numbers of an id, folded, in digits 0 to 9."""
    plain = fold(text)
    if not plain.isascii():
        plain = "".join(str(unicodedata.decimal(one, one)) for one in plain)
    return _RUNS.findall(plain)


def without_zeros(word: str) -> str:
    """Without the zeros in front of its numbers."""
    return _ZEROS.sub("", word)


def beginning_of(key: str) -> str:
    """The letters that a key begins with; empty where it begins with a number."""
    run = _RUNS.findall(key)[0]
    return "" if run.isdigit() else run
