"""The numbers that both engines go by, each with why it is what it is, and which generations a publish leaves.

How a search goes by what its filter keeps is in `indexer.store.policy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from indexer.system.arguments import refused

HNSW_M = 16
HNSW_EF_CONSTRUCT = 200
"""Both engines build the same graph."""
FULL_SCAN_KB = 4_000
"""Embedded: filtered sets with fewer kilobytes of vectors (8,000 at 128-D) are compared one by one whatever way was
asked for. So far down no walk is the better one; the policy, and not this number, decides above."""
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


class Memory(StrEnum):
    """Where a generation's payload, ids and field indexes are; the answers are the same."""

    PINNED = "pinned"
    """Read into each process's own memory when it opens the index."""
    CACHED = "cached"
    """In the system's file cache, which all processes share, read ahead when the index is opened."""
    COLD = "cold"
    """On the disk, read when needed, for a machine with little memory."""


def memory_of(value: object) -> Memory:
    """A tier by its name; raises ``UsageError`` for what is none."""
    if isinstance(value, str) and value in set(Memory):
        return Memory(value)
    raise refused("memory", value, "pinned, cached or cold")


def superseded(numbers: Sequence[int], *, before: int, published: int) -> list[int]:
    """The generations to remove once ``published`` has replaced ``before``, of all there are, oldest first.

    What is kept beside it is the generation it replaced: one that was rolled back from goes.
    """
    rolled_back = range(before + 1, published)
    kept = {*[number for number in numbers if number not in rolled_back][-KEEP:], published}
    return [number for number in numbers if number not in kept]
