"""Draws a catalog of small, clearly different photos in milliseconds, for tests that are not about looks.

In a test: ``from tests.shops.catalogs.small_catalog import write_photo, write_small_catalog``.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
from PIL import Image

METALS = ("gold", "silver", "rose gold")
CATEGORIES = ("bracelets", "earrings", "necklaces", "rings", "watches")


def write_photo(path: Path, seed: int, size: int = 48) -> Path:
    """A photo of 8x8 random colour fields; every seed gives other ones."""
    fields = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(fields).resize((size, size), Image.Resampling.NEAREST).save(path, quality=95)
    return path


def write_small_catalog(folder: Path, products: int = 12, photos: int = 2, size: int = 48) -> Path:
    """A catalog with a manifest of every field type; product ``P003`` has photos ``<category>/P003/<n>.jpg``."""
    rows = []
    for number in range(products):
        product, category = f"P{number:03d}", CATEGORIES[number % len(CATEGORIES)]
        images = []
        for photo in range(photos):
            key = f"{category}/{product}/{photo}.jpg"
            write_photo(folder / key, seed=1000 * number + photo, size=size)
            images.append(key)
        rows.append(
            {
                "product_id": product,
                "image": "|".join(images),
                "category": category,
                "title": f"{METALS[number % 3].title()} {category[:-1]} No {number}"
                + (" with pearl" if number % 4 == 0 else ""),
                "metal": METALS[number % 3],
                "price": f"{50 * number + 0.5}",
                "in_stock": "true" if number % 3 else "false",
                "created": f"2026-{1 + number % 12:02d}-15",
            }
        )
    write_manifest(folder, rows)
    return folder


def write_manifest(folder: Path, rows: list[dict[str, str]]) -> Path:
    """Replace the catalog.csv of a folder."""
    path = folder / "catalog.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_manifest(folder: Path) -> list[dict[str, str]]:
    """The rows of a folder's catalog.csv."""
    with (folder / "catalog.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def touch(path: Path) -> None:
    """Give a file another modification time and leave its bytes alone."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
