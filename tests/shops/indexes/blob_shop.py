"""A shop whose looks are known: categories far apart, designs within them, their products, and photos of those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.store.embedded.index import EmbeddedIndex
from tests.shops.indexes.built_index import DIMENSION, points, publish, record

METALS = ("gold", "silver")
SPREADS = {"category": 1.0, "design": 0.5, "product": 0.15, "photo": 0.15}


def blob_shop(
    root: Path,
    *,
    categories: int = 3,
    designs: int = 5,
    products: int = 3,
    photos: int = 2,
    change: dict[str, dict[str, Any]] | None = None,
    replaced: dict[str, NDArray[np.float32]] | None = None,
    seed: int = 0,
) -> EmbeddedIndex:
    """Publish the shop; product ``C0D1P2`` is the third of the second design of the first category.

    ``change`` updates payloads by product id, ``replaced`` gives the vector of a photo by its path.
    """
    random = np.random.default_rng(seed)

    def drawn(kind: str) -> NDArray[np.float64]:
        return SPREADS[kind] * random.normal(size=DIMENSION) / np.sqrt(DIMENSION)

    payloads, rows = [], []
    for category in range(categories):
        middle = drawn("category")
        for design in range(designs):
            of_design = middle + drawn("design")
            for number in range(products):
                of_product = of_design + drawn("product")
                for rank in range(photos):
                    product_id = f"C{category}D{design}P{number}"
                    path = f"{product_id}/{rank}.jpg"
                    vector = (of_product + drawn("photo")).astype(np.float32)
                    vector = (replaced or {}).get(path, vector)
                    rows.append(vector / np.linalg.norm(vector))
                    payloads.append(
                        {
                            "product_id": product_id,
                            "category": f"kind {category}",
                            "title": f"Fine design{'abcdefghij'[design]} piece",
                            "metal": [METALS[design % 2]],
                            "predicted_category": f"kind {category}",
                            "predicted_confidence": 0.9,
                            "photo": {
                                "path": path,
                                "rank": float(rank),
                                "sha256": f"{len(rows):064x}",
                                "pixel_sha256": f"{len(rows):064x}",
                            },
                            **(change or {}).get(product_id, {}),
                        }
                    )
    index = EmbeddedIndex(root)
    publish(index, points(payloads, np.stack(rows)), record())
    return index
