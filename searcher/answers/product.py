"""One product of the index: its payload and its photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from searcher.questions.photo import QueryPhoto


@dataclass(frozen=True, slots=True)
class ProductPage:
    """What the index knows of a product."""

    product_id: str
    payload: Mapping[str, Any]
    """Of its first photo."""
    photos: tuple[QueryPhoto, ...]
    """In the order of their rank."""
    generation: str

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "product_id": self.product_id,
            "payload": dict(self.payload),
            "photos": [
                {"photo": photo.name, "thumbnail": None if photo.thumbnail is None else str(photo.thumbnail)}
                for photo in self.photos
            ],
            "generation": self.generation,
        }
