"""Generations: build the next one beside the published one, switch, keep the last, roll back.

The server engine is imported where it is needed, from `indexer.generations.server`: it brings qdrant-client, which
takes a second to import.
"""

from __future__ import annotations

import os
from pathlib import Path

from indexer.generations.embedded import EmbeddedIndex

__all__ = ["EmbeddedIndex", "open_index"]


def open_index(location: str | os.PathLike[str]) -> EmbeddedIndex:
    """The index at a directory. Nothing is created or opened yet."""
    return EmbeddedIndex(Path(location))
