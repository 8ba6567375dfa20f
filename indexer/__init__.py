"""Catalog, images, embeddings and the vector store: the base that trainer and searcher stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.version import __version__

if TYPE_CHECKING:
    from indexer.catalog.reading import read_catalog
    from indexer.models.directory import load_model
    from indexer.models.embedder import Embedder
    from indexer.sample_catalog import write_sample
    from indexer.store.embedded.index import open_index
    from indexer.sync.run import sync as sync_catalog
    from indexer.sync.watch.watching import watch

__all__ = [
    "Embedder",
    "__version__",
    "load_model",
    "open_index",
    "read_catalog",
    "sync_catalog",
    "watch",
    "write_sample",
]

_HOME = {
    "Embedder": ("models.embedder", "Embedder"),
    "load_model": ("models.directory", "load_model"),
    "open_index": ("store.embedded.index", "open_index"),
    "read_catalog": ("catalog.reading", "read_catalog"),
    "sync_catalog": ("sync.run", "sync"),  # `indexer.sync` is the room
    "watch": ("sync.watch.watching", "watch"),
    "write_sample": ("sample_catalog", "write_sample"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562): a command's ``--help`` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOME[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
