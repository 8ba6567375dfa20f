"""What is in an index, as plain JSON values: for `indexer status`, monitoring, and the searcher."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from indexer.store.interface import Index


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
