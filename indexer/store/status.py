"""What is in an index, as plain JSON values: for `indexer status`, monitoring, and the searcher."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from indexer.errors import StoreDamaged
from indexer.store.interface import Index

MOST_SHOWN = 5
"""Kinds of damage that a message names."""


def read_status(index: Index) -> dict[str, Any]:
    """Counts, categories, fields and model of the published generation, and how the engine keeps it.

    Raises:
        StoreMissing: nothing is published there.
        StoreError: it is not one of this project, or cannot be read.
    """
    with closing(index.read()) as store:
        photos = store.count()
        products = store.facet("product_id", limit=max(1, photos))
        categories = dict(store.facet("category", limit=1000))
    return {
        "index": index.location,
        "local": str(index.local),
        "generation": store.generation,
        "generations": index.generations(),
        "photos": photos,
        "products": len(products),
        "categories": categories,
        **store.record.to_json(),
        **index.describe(),
    }


def check_status(index: Index) -> list[dict[str, Any]]:
    """`Index.check` as plain JSON values.

    Raises:
        StoreDamaged: the published generation is not what was published, with all that is wrong in a line.
        StoreError: the place cannot be read.
    """
    found = index.check()
    at = f" --index {index.location}" if index.location == str(index.local) else ""  # a folder, not a server
    for one in found:
        if one.published and one.damage:
            listed = "; ".join(one.damage[:MOST_SHOWN]) + ("; …" if len(one.damage) > MOST_SHOWN else "")
            raise StoreDamaged(
                f"{index.location}: generation {one.generation} is damaged ({len(one.damage)} found: {listed}); "
                f"repair it with: indexer sync CATALOG{at}"
            )
    return [asdict(one) for one in found]
