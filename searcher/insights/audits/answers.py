"""What the audits give back: products with a score, the photo it is about, neighbours and reasons in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, computed_field

from indexer.system.plain_json import AS_TEXT, PlainJson, rounded
from searcher.insights.report import DIGITS, Report

Score = Annotated[float, rounded(DIGITS)]


@dataclass(frozen=True, slots=True)
class Photo(PlainJson):
    """One photo of the index."""

    id: str
    """Id of its point."""
    product_id: str
    path: Annotated[str, Field(alias="photo")]
    """Under the catalog root."""
    sha256: str
    """Names its picture; empty where the index does not know it."""
    category: str | None
    """As the catalog says."""
    predicted_category: str | None = None
    """By the index's model, which may have learned from these very labels."""
    predicted_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Neighbour(PlainJson):
    """A photo of another product (of the same one where its photos disagree), and how alike it is."""

    FLAT = "photo"

    photo: Photo
    cosine: Score


@dataclass(frozen=True, slots=True)
class Mislabel(PlainJson):
    """A product whose category is in doubt."""

    product_id: str
    category: str
    """As the catalog says."""
    suggested: str
    """The category that is likeliest by its photos, judged without its own label."""
    score: Score
    """0..1: the probability that the given category is wrong, as far as this catalog tells."""
    neighbour_share: Score
    """Share of the neighbours, weighted by likeness, that are not of the given category; mean over the photos."""
    label_probability: Score
    """The probability that the given category is right: 1 - score."""
    suggested_probability: Score
    """The probability that the suggested category is the right one; above that of the given one."""
    photos: int
    photo: Photo
    """Its most doubtful photo."""
    neighbours: tuple[Neighbour, ...]
    """The nearest photos of other products to that photo, most alike first."""
    reasons: tuple[str, ...]
    """A sentence each."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The catalog's fields."""


@dataclass(frozen=True, slots=True)
class MislabelReport(Report):
    """Products whose category is likelier wrong than right, the most doubtful first."""

    KIND = "mislabels"

    entries: tuple[Mislabel, ...]
    photos: int
    """Photos with a category that were judged."""
    products: int
    suspected: int
    """Products whose category is likelier wrong than right, whether or not they are among the entries."""
    by_category: Mapping[str, int]
    """Products of each given category that were judged."""
    suspected_by_category: Mapping[str, int]

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

    def lists(self) -> dict[str, Sequence[PlainJson]]:
        """See `Report.lists`."""
        return {"entries": self.entries}

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
    """A photo unlike all photos of other products, or as much like pictures of no product as like any category."""
    NO_JEWELRY = "no_jewelry"
    """Like pictures of no product, and like none of the catalog's categories, whatever these are."""
    DISAGREEING = "disagreeing"
    """Its own photos are more unlike each other than those of other products."""


@dataclass(frozen=True, slots=True)
class Outlier(PlainJson):
    """A product with a photo that stands out, or whose photos do not belong together; see `Oddity`."""

    oddity: Annotated[Oddity, AS_TEXT]
    product_id: str
    score: Score
    """0..1, comparable within one kind of oddity."""
    z: Annotated[float, rounded(3)]
    """How many usual deviations it is from what is usual in this catalog."""
    cosine: Score
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

    @computed_field  # type: ignore[prop-decorator]
    @property
    def category(self) -> str | None:
        """As the catalog says."""
        return self.photo.category


@dataclass(frozen=True, slots=True)
class OutlierReport(Report):
    """Three rankings, each with what stands out most first."""

    KIND = "outliers"

    far: tuple[Outlier, ...]
    no_jewelry: tuple[Outlier, ...]
    disagreeing: tuple[Outlier, ...]
    photos: int
    products: int
    found: Mapping[str, int]
    """Products of each `Oddity` that pass its threshold, whether or not they are shown."""
    usual: Mapping[str, float]
    """What is usual in this catalog: ``neighbour_cosine`` and ``product_cosine``, medians."""

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

    def lists(self) -> dict[str, Sequence[PlainJson]]:
        """See `Report.lists`."""
        return {"entries": self.entries}

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
