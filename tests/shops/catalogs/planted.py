"""A small drawn catalog with planted copies and variants, indexed for real, and what is true of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from indexer.sample_catalog import draw_photo, draw_products, photo_views
from indexer.sample_catalog.designs import METALS
from indexer.sync.run import sync
from searcher.insights.duplicates.edits.edits import edit
from searcher.service import SearchService
from tests.shops.models.tiny_model import write_tiny_model

SIZE, PRODUCTS = 192, 24


@dataclass(frozen=True)
class Planted:
    """The catalog, its index, and the pairs of products that share a picture, by how it was edited."""

    catalog: Path
    index: Path
    model: Path
    copies: dict[str, tuple[str, str]]
    variants: tuple[tuple[str, str], ...]

    def service(self) -> SearchService:
        return SearchService(self.index)


def encoded(image: Image.Image, suffix: str, **settings: int) -> bytes:
    file = io.BytesIO()
    image.save(file, {"jpg": "JPEG", "png": "PNG"}[suffix], **({"quality": 92} if suffix == "jpg" else {}) | settings)
    return file.getvalue()


def write_manifest(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        table = csv.DictWriter(handle, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def plant(folder: Path) -> Planted:
    """Draw the catalog, plant the copies and variants, and index it for real."""
    catalog, rows = folder / "catalog", []

    def add(product: str, category: str, data: bytes, suffix: str = "jpg", **fields: str) -> None:
        path = catalog / category / f"{product}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        key = path.relative_to(catalog).as_posix()
        rows.append({"product_id": product, "image": key, "category": category, "price": "100", **fields})

    products = [p for p in draw_products(80, 21) if not p.variant_of][:PRODUCTS]
    photos = {p.product_id: draw_photo(p, photo_views(p, 1)[0], SIZE) for p in products}
    for product in products:
        suffix = "png" if product is products[1] else "jpg"
        add(product.product_id, product.design.category, encoded(photos[product.product_id], suffix), suffix)
    first, second = products[0], products[1]
    file = (catalog / rows[0]["image"]).read_bytes()
    add("COPY-file", "pendants" if first.design.category != "pendants" else "rings", file)
    add("COPY-pixels", second.design.category, encoded(photos[second.product_id], "png", compress_level=1), "png")
    copies = {"file": (first.product_id, "COPY-file"), "pixels": (second.product_id, "COPY-pixels")}
    for number, how in enumerate(("jpeg", "resize", "crop", "flip", "webp", "aspect"), start=2):
        source = products[number]
        with Image.open(catalog / rows[number]["image"]) as image:
            made = edit(image.convert("RGB"), how, 0, np.random.default_rng(number))
        price = "140" if how == "resize" else "100"
        add(f"COPY-{how}", source.design.category, encoded(made, "jpg", quality=90), price=price)
        copies[how] = (source.product_id, f"COPY-{how}")
    variants = []
    for source in products[10:14]:
        metal = METALS[(METALS.index(source.metal) + 1) % 2]  # gold and silver: nobody mistakes one for the other
        view = replace(photo_views(source, 1)[0], seed=99)
        photo = draw_photo(replace(source, metal=metal), view, SIZE)
        add(f"VARIANT-{source.product_id}", source.design.category, encoded(photo, "jpg"))
        variants.append((source.product_id, f"VARIANT-{source.product_id}"))
    write_manifest(catalog / "catalog.csv", rows)
    model = write_tiny_model(folder / "model", size=64)
    sync(catalog, model, folder / "index")
    return Planted(catalog, folder / "index", model, copies, tuple(variants))
