"""What a question gives back: plain, immutable results that become a table, JSON or a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNNAMED = "image"
"""What a query photo is called that came as bytes."""


@dataclass(frozen=True, slots=True)
class QueryPhoto:
    """One photo that was asked with: where a picture of it can be found, as far as that is known."""

    name: str
    thumbnail: Path | None = None
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: by product (all its photos) or by one photo, with the filters and the number wanted."""

    photos: tuple[QueryPhoto, ...]
    k: int
    product_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The asked product's payload, that of its first photo; empty for a photo."""
    filters: tuple[str, ...] = ()
    exact: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values: ``product_id`` or ``image``, and the options."""
        asked = {"image": self.photos[0].name} if self.product_id is None else {"product_id": self.product_id}
        return {**asked, "k": self.k, "where": list(self.filters), "exact": self.exact}


@dataclass(frozen=True, slots=True)
class Match:
    """One product of an answer, shown by its photo that is most alike."""

    product_id: str
    score: float
    """Cosine in [-1, 1] between the nearest pair of photos, to 8 decimals."""
    category: str | None
    photo: str
    """Key of that photo: its path under the catalog root."""
    thumbnail: Path | None
    payload: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "product_id": self.product_id,
            "score": self.score,
            "category": self.category,
            "photo": self.photo,
            "thumbnail": None if self.thumbnail is None else str(self.thumbnail),
            "payload": dict(self.payload),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The matches, best first, and what they were computed from: all of it is one generation of the index."""

    query: Query
    matches: tuple[Match, ...]
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    catalog_root: Path
    """Where the photos were at the last sync."""
    took_ms: float
    """Milliseconds from the question to the answer, opening index and model included."""

    def to_json(self) -> dict[str, Any]:
        """One JSON document."""
        return {
            "query": self.query.to_json(),
            "matches": [match.to_json() for match in self.matches],
            "generation": self.generation,
            "model": self.model,
            "took_ms": round(self.took_ms, 1),
        }
