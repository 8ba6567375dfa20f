"""Generations: build the next one beside the published one, switch, keep the last, roll back."""

from indexer.generations.embedded import EmbeddedIndex

__all__ = ["EmbeddedIndex"]
