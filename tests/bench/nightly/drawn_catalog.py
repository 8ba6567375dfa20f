"""A drawn catalog of very many products: a small photo of its own for each, and a manifest of nine columns."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image

COLUMNS = ("product_id", "image", "category", "title", "brand", "metal", "price", "currency", "in_stock")
CATEGORIES = ("anklets", "bracelets", "brooches", "earrings", "necklaces", "pendants", "rings", "watches")
METALS = ("gold", "silver", "rose gold", "platinum", "steel")
SIDE = 48
PER_FOLDER = 1000
LINKS = 10_000
"""Names of a file, where photos are links; file systems have tens of thousands at most."""


class DrawnCatalog:
    """The catalog in a folder; whatever changes is other every time.

    Args:
        folder: to draw it into.
        products: how many.
        linked: whether all photos are links to a few files, as millions of files would take hours.
    """

    def __init__(self, folder: Path, products: int, *, linked: bool = False) -> None:
        self.folder = folder
        self._linked = linked
        self._rng = np.random.default_rng(0)
        self._rows = [self._row(number) for number in range(products)]
        for number in range(products):
            self._draw(number)
        self._write()

    def change_prices(self, share: float) -> None:
        """Other prices for a share of the products."""
        for number in self._some(share):
            self._rows[number][COLUMNS.index("price")] = f"{self._rng.uniform(10, 2000):.2f}"
        self._write()

    def change_photos(self, share: float) -> None:
        """Other photos for a share of the products, under their names."""
        for number in self._some(share):
            self._draw(int(number))

    def _some(self, share: float) -> list[int]:
        return [int(number) for number in self._rng.choice(len(self._rows), int(share * len(self._rows)), False)]

    def _row(self, number: int) -> list[str]:
        rng = self._rng
        metal, category = METALS[rng.integers(len(METALS))], CATEGORIES[number % len(CATEGORIES)]
        return [
            f"P{number:06d}",
            _key(number),
            category,
            f"{metal} {category[:-1]} no. {number}",
            f"brand-{rng.integers(100)}",
            metal,
            f"{rng.uniform(10, 2000):.2f}",
            "EUR",
            "true" if rng.random() < 0.85 else "false",
        ]

    def _draw(self, number: int) -> None:
        """A photo that compresses as photos do: four drawn colours, smoothed."""
        path = self.folder / _key(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._linked and number % LINKS:
            path.hardlink_to(self.folder / _key(number - number % LINKS))
            return
        corners = Image.fromarray(self._rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        data = io.BytesIO()
        corners.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(data, "JPEG", quality=90)
        path.write_bytes(data.getvalue())

    def _write(self) -> None:
        with (self.folder / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *self._rows])


def _key(number: int) -> str:
    return f"photos/{number // PER_FOLDER:03d}/P{number:06d}.jpg"
