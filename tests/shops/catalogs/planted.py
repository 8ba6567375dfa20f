"""A catalog with planted copies and variants."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from searcher.service import SearchService


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
