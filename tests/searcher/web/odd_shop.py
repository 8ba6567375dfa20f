"""A shop whose ids hold what addresses and eyes trip over, and whose texts are longer than any place for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.built_index import Photographed, points, publish, record
from tests.shops.models.tiny_model import write_tiny_model

ODD_IDS = ("AB 12", "gold ring", "50%+1/ä #?&=%20", " edge ", "Ring two  blanks", "+1")
SENTENCE = ("A ring of white gold with a sapphire between two rows of small diamonds " * 9)[:600].strip() + "."
WORD = "Weißgoldring" * 50
LONG = {"T1": SENTENCE, "T2": WORD}
VALUE = "platinum iridium alloy of a very long name " * 12


def make_odd(folder: Path) -> Photographed:
    """A product for each id, with a category of 120 letters, and two with titles of 600 letters."""
    model = load_model(write_tiny_model(folder / "model"))
    embedder, index = Embedder(model), EmbeddedIndex(folder / "index")
    payloads, rows = [], []
    for number, product_id in enumerate((*ODD_IDS, *LONG)):
        path = write_photo(folder / "catalog" / f"{number}.png", seed=number)
        payload: dict[str, Any] = {
            "product_id": product_id,
            "category": "rings"
            if number % 2
            else "engagement rings, wedding bands and everything that goes with them " * 2,
            "title": LONG.get(product_id, f"Piece {number}"),
            "metal": ["gold", VALUE][: 1 + number % 2],
            "brand": "Maison" if number < 6 else WORD,
            "photo": {"path": path.name, "rank": 0.0, "sha256": sha256(path.read_bytes())},
        }
        ThumbnailStore(index.root).write(payload["photo"]["sha256"], open_image(path))
        payloads.append(payload)
        rows.append(embedder.embed([path])[0])
    vectors = np.stack(rows)
    publish(index, points(payloads, vectors), record(model.fingerprint, str(model.path), str(folder / "catalog")))
    return Photographed(index, index.read(), payloads, vectors, folder / "catalog", model.path)
