"""The numbers that both engines go by, each with why it is what it is, and which generations a publish leaves."""

from __future__ import annotations

from collections.abc import Sequence

HNSW_M = 16
HNSW_EF_CONSTRUCT = 200
"""Both engines build the same graph."""
EMBEDDED_EF = 64
"""Candidates that a walk over the graph keeps, at least. 128 takes half as long again, and finds no more of the ten
nearest of a photo of the catalog (all), and .002 more of those of a photo unlike any of it; see docs/results.md."""
FULL_SCAN_KB = 4_000
"""Embedded: filtered sets with fewer kilobytes of vectors (8,000 at 128-D) are compared one by one; larger ones get a
graph of their own. The engine's default of 10,000 made a filter that keeps a tenth of 100,000 points twice as slow."""
RE_OPTIMIZE_ABOVE = 0.1
"""Embedded: share of unindexed or deleted points from which a copied generation is optimised again."""

READ_BATCH = 1000
WRITE_BATCH = 1000
SEARCH_BATCH = 64
"""Server: questions in one request."""
ALL_VALUES = 100_000
"""Server: values of a field that are asked for to be sure of the first few; ten times as many where there are more."""
REQUEST_BYTES = 8 * 1024 * 1024
"""Server: largest request; Qdrant refuses those above 32 MB unless it is configured otherwise."""

SERVER_TOLERANCE = 1e-6
"""Servers scale vectors to length 1 themselves, which may change the last bit of a number."""

KEEP = 2
"""Generations that a publish leaves: its own and the one it replaced."""


def superseded(numbers: Sequence[int], *, before: int, published: int) -> list[int]:
    """The generations to remove once ``published`` has replaced ``before``, of all there are, oldest first.

    What is kept beside it is the generation it replaced: one that was rolled back from goes.
    """
    rolled_back = range(before + 1, published)
    kept = {*[number for number in numbers if number not in rolled_back][-KEEP:], published}
    return [number for number in numbers if number not in kept]
