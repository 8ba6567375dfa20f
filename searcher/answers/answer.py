"""What a question gives back: plain, immutable results that become a table, JSON or a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from indexer.store.filters.where import where_texts
from indexer.system.plain_json import AS_IT_SAYS, HIDDEN, LEFT_OUT, Picture, PlainJson, rounded
from searcher.answers.facet import Facet
from searcher.answers.variants import Variants
from searcher.questions.options import Options
from searcher.questions.photo import QueryPhoto


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
class Explanation(PlainJson):
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
    same_product: float | None
    """Calibrated probability that both show the same product, if the catalog has what was asked with."""
    filters: tuple[str, ...]
    """The filters it passed."""
    boosts: Mapping[str, float]
    """What each boost added to the score."""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What else the score is made of, for questions that blend."""


@dataclass(frozen=True, slots=True)
class Match(PlainJson):
    """One product of an answer, or one of each group, shown by its photo that is most alike."""

    product_id: str
    score: float
    """What the answer is ordered by: the cosine in [-1, 1] between the nearest pair of photos, to 8 decimals,
    unless boosts or a strategy made another number of it."""
    category: str | None
    photo: str
    """Key of that photo: its path under the catalog root."""
    thumbnail: Picture
    """A small picture of the photo: a path of this disk; over HTTP an address, relative to the server."""
    payload: Mapping[str, Any]
    relaxed: Annotated[tuple[str, ...], LEFT_OUT] = ()
    """Filters that had to be dropped for this product to be here."""
    variants: Annotated[Variants | None, LEFT_OUT] = None
    """The products of its group that pass the filter, where it has others; this is the best of them."""
    explanation: Annotated[Explanation | None, LEFT_OUT] = None


@dataclass(frozen=True, slots=True)
class Answer(PlainJson):
    """The matches, best first, and what they were computed from: all of it is one generation of the index."""

    query: Annotated[Query, AS_IT_SAYS]
    matches: tuple[Match, ...]
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    catalog_root: Annotated[Path, HIDDEN]
    """Where the photos were at the last sync."""
    took_ms: Annotated[float, rounded(1)]
    """Milliseconds from the question to the answer, opening index and model included."""
    relaxed: Annotated[tuple[str, ...], LEFT_OUT] = ()
    """Filters that were dropped because too few products passed, in the order they were."""
    facets: Annotated[tuple[Facet, ...], LEFT_OUT] = ()
    """Counts over all products that pass the filter, each product of a group by itself."""
    result_facets: Annotated[tuple[Facet, ...], LEFT_OUT] = ()
    """Counts over the matches."""
    notes: Annotated[tuple[str, ...], LEFT_OUT] = ()
    """What a person should know of how the answer came about, a sentence each."""
