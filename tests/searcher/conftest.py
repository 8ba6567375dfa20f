"""An index built directly: random unit vectors, one to five photos a product, every kind of field."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.built_index import (
    CATEGORIES,
    HOSTILE,
    Built,
    Photographed,
    draw_payloads,
    points,
    publish,
    record,
    unit_vectors,
)
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Sixty products; the vectors of two products are equal, photo by photo."""
    payloads = draw_payloads(60)
    vectors = unit_vectors(len(payloads))
    twins = [i for i, p in enumerate(payloads) if p["product_id"] in ("P010", "P020") and p["photo"]["rank"] == 0]
    vectors[twins[1]] = vectors[twins[0]]
    index = EmbeddedIndex(tmp_path_factory.mktemp("built") / "index")
    publish(index, points(payloads, vectors), record())
    return Built(index, index.read(), payloads, vectors)


@pytest.fixture(scope="session")
def photographed(tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    """Twelve products with two photos each; the last product has no thumbnails and hostile texts."""
    folder = tmp_path_factory.mktemp("photographed")
    model = load_model(write_tiny_model(folder / "model"))
    embedder, index = Embedder(model), EmbeddedIndex(folder / "index")
    payloads, rows = [], []
    for number in range(12):
        for rank in range(2):
            path = write_photo(folder / "catalog" / f"P{number:03d}" / f"{rank}.png", seed=100 * number + rank)
            key = path.relative_to(folder / "catalog").as_posix()
            payload = {
                "product_id": f"P{number:03d}",
                "category": CATEGORIES[number % 4],
                "title": f"Ring No {number}" if number < 11 else HOSTILE,
                "price": 19.5 * number,
                "currency": "EUR",
                "in_stock": number % 2 == 0,
                "metal": ["gold", "silver"][: 1 + number % 2],
                "photo": {"path": key, "rank": float(rank), "sha256": sha256(path.read_bytes())},
            }
            if number < 11:
                ThumbnailStore(index.root).write(payload["photo"]["sha256"], open_image(path))
            payloads.append(payload)
            rows.append(embedder.embed([path])[0])
    vectors = np.stack(rows)
    of = record(model.fingerprint, str(model.path), str(folder / "catalog"))
    publish(index, points(payloads, vectors), of)
    return Photographed(index, index.read(), payloads, vectors, folder / "catalog", model.path)
