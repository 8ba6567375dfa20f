"""What is in an index, as plain JSON values: for `indexer status`, monitoring, and the searcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.generations.embedded import EmbeddedIndex, read_record
from indexer.stores.interface import GenerationRecord


def published_record(index_path: Path) -> GenerationRecord | None:
    """The published generation's record without opening its vectors, or None where nothing is published."""
    index = EmbeddedIndex(index_path)
    number = index.current()
    return None if number is None else read_record(index_path / "generations" / str(number) / "generation.json")


def read_status(index_path: Path) -> dict[str, Any]:
    """Counts, categories, fields, model and disk use of the published generation.

    Raises:
        StoreMissing: nothing is published there.
    """
    index = EmbeddedIndex(index_path)
    store = index.read()
    try:
        products = {point.payload["product_id"] for point in store.scroll(fields=["product_id"])}
        categories = dict(store.facet("category", limit=1000))
        photos = store.count()
    finally:
        store.close()
    return {
        "index": str(index_path),
        "engine": "embedded",
        "generation": store.generation,
        "generations_on_disk": index.numbers(),
        "photos": photos,
        "products": len(products),
        "categories": categories,
        **store.record.to_json(),
        "bytes": sum(path.stat().st_size for path in index_path.rglob("*") if path.is_file()),
    }
