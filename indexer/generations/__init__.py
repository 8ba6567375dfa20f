"""Generations: build the next one beside the published one, switch, keep the last, roll back.

The server engine is imported where it is needed, from `indexer.generations.server`: it brings qdrant-client, which
takes a second to import.
"""

from indexer.generations.embedded import EmbeddedIndex

__all__ = ["EmbeddedIndex"]
