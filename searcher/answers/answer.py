"""What a question gives back: plain, immutable results that become a table, JSON or a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.store.filters.text_form import where_texts
from searcher.questions.options import Options
from searcher.questions.photo import QueryPhoto

if TYPE_CHECKING:
    from searcher.answers.facet import Facet


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, with its options."""

    asked: Mapping[str, Any]
    """What was asked with, as plain JSON values: ``product_id``, ``image``, ``positive`` …"""
    options: Options = field(default_factory=Options)
    photos: tuple[QueryPhoto, ...] = ()
    """The photos that were compared, in the order of the query vectors."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The asked product's payload, that of its first photo; empty for anything else."""

    @property
    def product_id(self) -> str | None:
        """The product asked with, where it is just one."""
        return self.asked.get("product_id")

    @property
    def filters(self) -> tuple[str, ...]:
        """The filter texts."""
        return where_texts(self.options.where)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values: what was asked with, and the options that are not at their default."""
        return {**self.asked, **self.options.to_json()}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a product is in the answer. What cannot be known is None."""

    asked_photo: str | None
    """The photo asked with that is most alike to it; None where no photo was liked."""
    matched_photo: str
    cosine: float | None
    """Of these two photos, to 8 decimals."""
    euclidean: float | None
    """Distance of the two unit vectors, √(2 - 2·cosine)."""
    percentile: float | None
    """Share, 0 to 1, of a sample of the catalog's photos that are less alike."""
    probability: float | None
    """Calibrated probability that both photos show the same category, where the model has a calibration."""
    filters: tuple[str, ...]
    """The filters it passed."""
    boosts: Mapping[str, float]
    """What each boost added to the score."""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What else the score is made of, for questions that blend."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "asked_photo": self.asked_photo,
            "matched_photo": self.matched_photo,
            "cosine": self.cosine,
            "euclidean": self.euclidean,
            "percentile": self.percentile,
            "probability": self.probability,
            "filters": list(self.filters),
            "boosts": dict(self.boosts),
            "parts": dict(self.parts),
        }


@dataclass(frozen=True, slots=True)
class Match:
    """One product of an answer, shown by its photo that is most alike."""

    product_id: str
    score: float
    """What the answer is ordered by: the cosine in [-1, 1] between the nearest pair of photos, to 8 decimals,
    unless boosts or a strategy made another number of it."""
    category: str | None
    photo: str
    """Key of that photo: its path under the catalog root."""
    thumbnail: Path | None
    payload: Mapping[str, Any]
    relaxed: tuple[str, ...] = ()
    """Filters that had to be dropped for this product to be here."""
    explanation: Explanation | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; what does not apply is left out."""
        document: dict[str, Any] = {
            "product_id": self.product_id,
            "score": self.score,
            "category": self.category,
            "photo": self.photo,
            "thumbnail": None if self.thumbnail is None else str(self.thumbnail),
            "payload": dict(self.payload),
        }
        if self.relaxed:
            document["relaxed"] = list(self.relaxed)
        if self.explanation is not None:
            document["explanation"] = self.explanation.to_json()
        return document


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
    relaxed: tuple[str, ...] = ()
    """Filters that were dropped because too few products passed, in the order they were."""
    facets: tuple[Facet, ...] = ()
    """Counts over all products that pass the filter."""
    result_facets: tuple[Facet, ...] = ()
    """Counts over the matches."""
    notes: tuple[str, ...] = ()
    """What a person should know of how the answer came about, a sentence each."""

    def to_json(self) -> dict[str, Any]:
        """One JSON document; what does not apply is left out."""
        document: dict[str, Any] = {
            "query": self.query.to_json(),
            "matches": [match.to_json() for match in self.matches],
            "generation": self.generation,
            "model": self.model,
            "took_ms": round(self.took_ms, 1),
        }
        if self.relaxed:
            document["relaxed"] = list(self.relaxed)
        if self.query.options.facets:
            document["facets"] = [facet.to_json() for facet in self.facets]
            document["result_facets"] = [facet.to_json() for facet in self.result_facets]
        if self.notes:
            document["notes"] = list(self.notes)
        return document
