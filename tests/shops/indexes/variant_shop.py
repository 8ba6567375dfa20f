"""A catalog as a shop has it: what is sold is a version of a piece, and the versions of a piece share their photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from indexer.store.embedded.index import EmbeddedIndex
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import write_manifest, write_photo
from tests.shops.indexes.built_index import Photographed
from tests.shops.models.tiny_model import write_tiny_model

METALS = ("gold", "silver", "rose gold")
PIECES = 6
"""Piece n has n + 1 versions; the first has no group."""


def write_variant_catalog(folder: Path) -> Path:
    """Six pieces of one to six versions with two photos each, and ``COPY``, which shows a photo of one as well."""
    rows = []
    for piece in range(PIECES):
        keys = [f"photos/{piece}-{rank}.png" for rank in range(2)]
        for rank, key in enumerate(keys):
            write_photo(folder / key, seed=100 * piece + rank, size=160)
        for version in range(piece + 1):
            rows.append(
                {
                    "product_id": f"RG{piece}-{version}",
                    "image": "|".join(keys),
                    "category": "rings",
                    "Group ID": f"RG{piece}" if piece else "",
                    "title": f"Twisted band {piece}",
                    "metal": METALS[version % 3],
                    "price": str(100 + 10 * version),
                    "in_stock": "true" if version % 2 else "false",
                }
            )
    copied = folder / "photos" / "copy.png"
    copied.write_bytes((folder / "photos" / "4-0.png").read_bytes())
    rows.append({**rows[0], "product_id": "COPY", "image": "photos/copy.png", "title": "Plain ring"})
    write_manifest(folder, rows)
    return folder


def make_variant_shop(folder: Path) -> Photographed:
    """The catalog, synced for real."""
    catalog, model = write_variant_catalog(folder / "catalog"), write_tiny_model(folder / "model")
    sync(catalog, model, folder / "index")
    index = EmbeddedIndex(folder / "index")
    store = index.read()
    points = list(store.scroll(vectors="image"))
    vectors = np.stack([point.vector for point in points if point.vector is not None])
    return Photographed(index, store, [point.payload for point in points], vectors, catalog, model)
