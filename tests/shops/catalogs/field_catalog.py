"""A catalog of given pictures, indexed for real: for what a report of duplicates says of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from indexer.sync.run import sync
from searcher.service import SearchService
from tests.shops.models.tiny_model import write_tiny_model


@dataclass(frozen=True)
class Shot:
    """A product's photo, as it is written; fields of the same name in the catalog."""

    product: str
    image: Image.Image
    suffix: str = "jpg"
    fields: Mapping[str, str] = field(default_factory=dict)
    save: Mapping[str, int] = field(default_factory=lambda: {"quality": 92})


def pieces(count: int, seed: int = 21, size: int = 192) -> list[Image.Image]:
    """Drawn photos of different designs."""
    firsts = [product for product in draw_products(6 * count, seed) if not product.variant_of][:count]
    return [draw_photo(product, photo_views(product, 1)[0], size) for product in firsts]


def indexed(folder: Path, shots: Sequence[Shot]) -> SearchService:
    """Write, index with a tiny model, open; a later shot has a younger file."""
    catalog = folder / "catalog"
    names = sorted({name for shot in shots for name in shot.fields})
    rows = []
    for number, shot in enumerate(shots):
        path = catalog / "photos" / f"{shot.product}-{number}.{shot.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shot.image.save(path, **({} if shot.suffix == "png" else dict(shot.save)))
        rows.append(
            [shot.product, path.relative_to(catalog).as_posix(), *(shot.fields.get(name, "") for name in names)]
        )
    with (catalog / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["product_id", "image", *names])
        table.writerows(rows)
    sync(catalog, write_tiny_model(folder / "model", size=64), folder / "index")
    return SearchService(folder / "index")
