"""The bodies of responses: the shapes in the OpenAPI document, and how an answer becomes JSON for a browser.

Answers are written from `to_json` and are not validated again on their way out, which would cost more than the
search; a test holds the two together.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from searcher.answers.answer import Answer, Match
from searcher.answers.product import ProductPage
from searcher.http.request_context import address

Payload = dict[str, Any]


class Shape(BaseModel):
    """A response body; nothing beyond what is named here is ever in it."""

    model_config = ConfigDict(extra="forbid")


class ExplanationShape(Shape):
    """Why a product is in the answer."""

    asked_photo: str | None = Field(description="The photo asked with that is most alike; null where none was liked.")
    matched_photo: str
    cosine: float | None
    euclidean: float | None
    percentile: float | None = Field(description="Share of a sample of the catalog's photos that are less alike.")
    probability: float | None = Field(description="Calibrated probability that both show the same category.")
    filters: list[str]
    boosts: dict[str, float]
    parts: dict[str, Any]


class MatchShape(Shape):
    """One product of an answer, shown by its photo that is most alike."""

    product_id: str
    score: float
    category: str | None
    photo: str = Field(description="The photo's path in the catalog.")
    thumbnail: str | None = Field(description="Address of a picture, relative to this server.")
    payload: Payload
    relaxed: list[str] | None = Field(None, description="Filters dropped for this product to be here.")
    explanation: ExplanationShape | None = None


class FacetValueShape(Shape):
    """A value, with the filter text that selects it."""

    value: str | bool
    count: int
    where: list[str] = Field(description="Filter texts that select it, all of which hold.")


class FacetRangeShape(Shape):
    """A range from ``gte`` up to but without ``lt``, with the filter text that selects it."""

    gte: float | str | None
    lt: float | str | None
    count: int
    where: list[str] = Field(description="Filter texts that select it, all of which hold.")


class FacetShape(Shape):
    """A field's values or ranges with the number of products."""

    field: str
    kind: str
    counted: str = Field(description="What the counts are of.")
    values: list[FacetValueShape] | None = None
    ranges: list[FacetRangeShape] | None = None
    more: bool | None = Field(None, description="Whether there are more values than were asked for.")


class AnswerShape(Shape):
    """The matches, best first; all of it is one generation of the index."""

    query: Payload
    matches: list[MatchShape]
    generation: str
    model: str = Field(description="Fingerprint of the model that made the vectors.")
    took_ms: float
    relaxed: list[str] | None = None
    facets: list[FacetShape] | None = None
    result_facets: list[FacetShape] | None = None
    notes: list[str] | None = None


class CategoryShape(Shape):
    """A category and its probability."""

    category: str
    probability: float


class ClassificationShape(Shape):
    """The likeliest categories of a photo, best first."""

    photo: str
    categories: list[CategoryShape]
    model: str
    took_ms: float


class PhotoShape(Shape):
    """A photo of a product."""

    photo: str
    thumbnail: str | None


class ProductShape(Shape):
    """What the index knows of a product."""

    product_id: str
    payload: Payload
    photos: list[PhotoShape]
    generation: str


class FacetsShape(Shape):
    """Facets of the whole catalog, or of what passes a filter."""

    facets: list[FacetShape]


class BatchErrorShape(Shape):
    """Why one query of a batch has no answer."""

    error: str


class BatchShape(Shape):
    """An answer or an error for each query, in their order."""

    answers: list[AnswerShape | BatchErrorShape]


def json_response(document: Any) -> Response:
    """A document as it is, in UTF-8; NaN and infinities are a bug and raise."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text.encode("utf-8", "replace"), media_type="application/json")


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer for other machines: pictures are addresses of this server, not paths of its disk."""
    document = answer.to_json()
    for shown, match in zip(document["matches"], answer.matches, strict=True):
        shown["thumbnail"] = picture_address(match)
    return document


def product_json(page: ProductPage) -> dict[str, Any]:
    """A product for other machines."""
    document = page.to_json()
    for shown, photo in zip(document["photos"], page.photos, strict=True):
        shown["thumbnail"] = None if photo.thumbnail is None else address(f"/v1/pictures/{photo.thumbnail.stem}")
    return document


def picture_address(match: Match) -> str | None:
    """Where a browser finds the picture of a match."""
    return None if match.thumbnail is None else address(f"/v1/pictures/{match.thumbnail.stem}")
