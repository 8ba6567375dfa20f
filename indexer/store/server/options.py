"""How a collection is kept on a Qdrant server; plain values, so that settings need not import qdrant-client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from indexer.store.tuning import Memory


class Quantization(StrEnum):
    """Compressed copies of the vectors that are searched first; the originals settle the order."""

    NONE = "none"
    INT8 = "int8"
    TURBO = "turbo"


@dataclass(frozen=True, slots=True)
class CollectionOptions:
    """What a new collection gets; None leaves the choice to the server.

    An existing collection that is synced in place takes over a ``quantization`` that is given; shards and replicas
    stay as they are until a new generation is built.
    """

    quantization: Quantization | None = None
    shards: int | None = None
    replicas: int | None = None
    write_consistency: int | None = None
    """Replicas that must confirm a write before it counts."""
    ready_timeout: float = 3600.0
    """Seconds to wait until the optimizer has built the graph of a new generation."""
    memory: Memory = Memory.CACHED
    """Where the server keeps payload, ids and field indexes of new collections."""
