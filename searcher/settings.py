"""Settings of the search: those of the index, with the same JEWELRY_ prefix; CLI options win."""

from __future__ import annotations

from indexer.settings import IndexerSettings


class SearcherSettings(IndexerSettings):
    """Where the index, the model and the original photos are."""
