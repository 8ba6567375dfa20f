"""What the audits give back: products with a score, the photo it is about, neighbours and reasons in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

DIGITS = 6
"""Decimals of scores and cosines in JSON."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the index."""

    id: str
    """Id of its point."""
    product_id: str
    path: str
    """Under the catalog root."""
    sha256: str
    """Names its picture; empty where the index does not know it."""
    category: str | None
    """As the catalog says."""
    predicted_category: str | None = None
    """By the index's model, which may have learned from these very labels."""
    predicted_confidence: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "id": self.id,
            "product_id": self.product_id,
            "photo": self.path,
            "sha256": self.sha256,
            "category": self.category,
            "predicted_category": self.predicted_category,
            "predicted_confidence": self.predicted_confidence,
        }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A photo of another product (of the same one in a `Disagreement`), and how alike it is."""

    photo: Photo
    cosine: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**self.photo.to_json(), "cosine": round(self.cosine, DIGITS)}


@dataclass(frozen=True, slots=True)
class Mislabel:
    """A product whose category is in doubt."""

    product_id: str
    category: str
    """As the catalog says."""
    suggested: str
    """What its photos look like, judged without its own label."""
    score: float
    """0..1: how likely the given category is wrong; ranks, and is no calibrated probability."""
    neighbour_share: float
    """Share of the neighbours, weighted by likeness, that are not of the given category; mean over the photos."""
    label_probability: float
    """Probability of the given category by a classifier that never saw the product; mean over the photos."""
    suggested_probability: float
    """The same of the suggested category."""
    photos: int
    photo: Photo
    """Its most doubtful photo."""
    neighbours: tuple[Neighbour, ...]
    """The nearest photos of other products to that photo, most alike first."""
    reasons: tuple[str, ...]
    """A sentence each."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The catalog's fields."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "product_id": self.product_id,
            "category": self.category,
            "suggested": self.suggested,
            "score": round(self.score, DIGITS),
            "neighbour_share": round(self.neighbour_share, DIGITS),
            "label_probability": round(self.label_probability, DIGITS),
            "suggested_probability": round(self.suggested_probability, DIGITS),
            "photos": self.photos,
            "photo": self.photo.to_json(),
            "neighbours": [one.to_json() for one in self.neighbours],
            "reasons": list(self.reasons),
            "payload": dict(self.payload),
        }


@dataclass(frozen=True, slots=True)
class MislabelReport:
    """Products by how doubtful their category is, the most doubtful first."""

    entries: tuple[Mislabel, ...]
    photos: int
    """Photos with a category that were judged."""
    products: int
    suspected: int
    """Products that look like another category than the given one, whether or not they are among the entries."""
    by_category: Mapping[str, int]
    """Products of each given category that were judged."""
    suspected_by_category: Mapping[str, int]
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    catalog_root: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, as plain JSON values."""
    notes: Sequence[str] = ()
    took_s: float = 0.0

    def summary(self) -> dict[str, Any]:
        """Counts of the report."""
        swaps = Counter((one.category, one.suggested) for one in self.entries)
        return {
            "photos": self.photos,
            "products": self.products,
            "suspected": self.suspected,
            "shown": len(self.entries),
            "by_category": dict(self.by_category),
            "suspected_by_category": dict(self.suspected_by_category),
            "swaps": [
                {"category": given, "suggested": other, "products": count}
                for (given, other), count in sorted(swaps.items(), key=lambda item: (-item[1], item[0]))
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """One JSON document."""
        return {
            "kind": "mislabels",
            **_origin(self),
            "summary": self.summary(),
            "entries": [entry.to_json() for entry in self.entries],
            "notes": list(self.notes),
            "took_s": round(self.took_s, 2),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per entry, for CSV."""
        return [
            {
                "rank": rank,
                "product_id": one.product_id,
                "category": one.category,
                "suggested": one.suggested,
                "score": round(one.score, DIGITS),
                "photo": one.photo.path,
                "photos": one.photos,
                "neighbours": "|".join(near.photo.product_id for near in one.neighbours),
                "reasons": " ".join(one.reasons),
            }
            for rank, one in enumerate(self.entries, 1)
        ]


class Oddity(StrEnum):
    """Why a product is in a report of outliers."""

    FAR = "far"
    """A photo unlike all photos of other products."""
    NO_JEWELRY = "no_jewelry"
    """Far from everything, and the classifier does not know what it is either."""
    DISAGREEING = "disagreeing"
    """Its own photos are more unlike each other than those of other products."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A product with a photo that stands out, or whose photos do not belong together; see `Oddity`."""

    oddity: Oddity
    product_id: str
    score: float
    """0..1, comparable within one kind of oddity."""
    z: float
    """How many usual deviations it is from what is usual in this catalog."""
    cosine: float
    """Mean cosine to the nearest photos of other products; of a disagreeing product, of its two least alike photos."""
    photo: Photo
    """The photo that stands out."""
    neighbours: tuple[Neighbour, ...]
    """The nearest photos of other products; of a disagreeing product, its own other photos, least alike first."""
    reasons: tuple[str, ...]
    """A sentence each."""
    photos: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The catalog's fields."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "oddity": str(self.oddity),
            "product_id": self.product_id,
            "score": round(self.score, DIGITS),
            "z": round(self.z, 3),
            "cosine": round(self.cosine, DIGITS),
            "category": self.photo.category,
            "photos": self.photos,
            "photo": self.photo.to_json(),
            "neighbours": [one.to_json() for one in self.neighbours],
            "reasons": list(self.reasons),
            "payload": dict(self.payload),
        }


@dataclass(frozen=True, slots=True)
class OutlierReport:
    """Three rankings, each with what stands out most first."""

    far: tuple[Outlier, ...]
    no_jewelry: tuple[Outlier, ...]
    disagreeing: tuple[Outlier, ...]
    photos: int
    products: int
    found: Mapping[str, int]
    """Products of each `Oddity` that pass its threshold, whether or not they are shown."""
    usual: Mapping[str, float]
    """What is usual in this catalog: ``neighbour_cosine`` and ``product_cosine``, medians."""
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    catalog_root: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, as plain JSON values."""
    notes: Sequence[str] = ()
    took_s: float = 0.0

    @property
    def entries(self) -> tuple[Outlier, ...]:
        """All three rankings in a row."""
        return (*self.no_jewelry, *self.far, *self.disagreeing)

    def summary(self) -> dict[str, Any]:
        """Counts of the report."""
        shown = Counter(str(one.oddity) for one in self.entries)
        return {
            "photos": self.photos,
            "products": self.products,
            "found": {str(kind): self.found.get(kind, 0) for kind in Oddity},
            "shown": {str(kind): shown[kind] for kind in Oddity},
            "usual": {name: round(value, DIGITS) for name, value in self.usual.items()},
        }

    def to_json(self) -> dict[str, Any]:
        """One JSON document; ``entries`` holds all three rankings, told apart by ``oddity``."""
        return {
            "kind": "outliers",
            **_origin(self),
            "summary": self.summary(),
            "entries": [entry.to_json() for entry in self.entries],
            "notes": list(self.notes),
            "took_s": round(self.took_s, 2),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per entry, for CSV."""
        return [
            {
                "oddity": str(one.oddity),
                "product_id": one.product_id,
                "category": one.photo.category,
                "score": round(one.score, DIGITS),
                "cosine": round(one.cosine, DIGITS),
                "photo": one.photo.path,
                "photos": one.photos,
                "neighbours": "|".join(near.photo.product_id for near in one.neighbours),
                "reasons": " ".join(one.reasons),
            }
            for one in self.entries
        ]


def _origin(report: MislabelReport | OutlierReport) -> dict[str, Any]:
    return {
        "generation": report.generation,
        "model": report.model,
        "created_at": report.created_at,
        "catalog_root": report.catalog_root,
        "settings": dict(report.settings),
    }
