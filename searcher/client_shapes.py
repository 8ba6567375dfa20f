"""Shapes of requests and responses, written from the OpenAPI document by searcher.http.client_shapes_writer.

Do not edit: change the models of the service, then run ``python -m searcher.http.client_shapes_writer``.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required, TypedDict, final


class OptionsBody(TypedDict, total=False):
    """What every question for products takes."""

    k: int
    """Products wanted."""
    offset: int
    """Products skipped before the first."""
    where: list[str] | dict[str, Any]
    """Filter texts, all of which must hold, such as `metal=gold|silver`, `price<=500` or `title~pearl`; or a filter in
    Qdrant's JSON."""
    min_score: float | None
    """Least cosine of an answer."""
    fields: list[str] | None
    """Payload fields to return; null: all."""
    exact: bool
    """Compare with every photo instead of walking the graph."""
    preset: str | None
    """A named filter relative to the product asked with."""
    boosts: list[str]
    """Amounts added to the score."""
    diversity: float
    """0 orders by score alone, 1 by difference from what is above."""
    caps: list[str]
    """Most products of one value."""
    relax: list[str]
    """Fields whose filters may be dropped, in this order, when fewer than k pass; `*` is any."""
    explain: bool
    """Say of each answer why it is there."""
    facets: list[str]
    """Fields whose values are counted."""


@final
class AlsoViewedBody(OptionsBody, total=False):
    """What a visitor may want to see next."""

    product_ids: Required[list[str]]
    """The visitor's last products, newest first."""
    decay: float
    """Weight of a product relative to the one viewed after it."""
    co_view_weight: float
    """Share of what visitors viewed together, against looks."""


@final
class AnswerShape(TypedDict):
    """The matches, best first; all of it is one generation of the index."""

    query: dict[str, Any]
    matches: list[MatchShape]
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    took_ms: float
    relaxed: NotRequired[list[str] | None]
    facets: NotRequired[list[FacetShape] | None]
    result_facets: NotRequired[list[FacetShape] | None]
    notes: NotRequired[list[str] | None]


@final
class BatchBody(OptionsBody, total=False):
    """`similar` for many examples at once, all answered from one generation of the index."""

    queries: Required[list[str | ExampleBody]]
    """What to compare with. Queries times offset + k is at most 10000, where boosts, caps and diversity count as 500;
    queries times facets is at most 100."""


@final
class BatchErrorShape(TypedDict):
    """Why one query of a batch has no answer."""

    error: str


@final
class BatchShape(TypedDict):
    """An answer or an error for each query, in their order."""

    answers: list[AnswerShape | BatchErrorShape]


@final
class CategoryShape(TypedDict):
    """A category and its probability."""

    category: str
    probability: float


@final
class ClassificationShape(TypedDict):
    """The likeliest categories of a photo, best first."""

    photo: str
    categories: list[CategoryShape]
    model: str
    took_ms: float


@final
class ClassifyBody(TypedDict, total=False):
    """The category of a photo: exactly one of image and url."""

    image: str | None
    """A photo: the bytes of an image file in base64."""
    url: str | None
    crop: tuple[float, float, float, float] | None
    k: int
    """Categories wanted."""


@final
class DiscoverBody(OptionsBody, total=False):
    """Like the target, but rather A than B of each pair."""

    target: str | ExampleBody | None
    context: list[Pair]


@final
class ExampleBody(TypedDict, total=False):
    """What to compare with: exactly one of product_id, image, url and vector."""

    product_id: str | None
    """A product of the index."""
    image: str | None
    """A photo: the bytes of an image file in base64."""
    url: str | None
    """Where a photo can be fetched; public http or https addresses only."""
    vector: list[float] | None
    """An embedding of the index's model."""
    crop: tuple[float, float, float, float] | None
    """Left, top, right and bottom of the part of the photo that counts, as shares 0 to 1."""


@final
class ExplanationShape(TypedDict):
    """Why a product is in the answer."""

    asked_photo: str | None
    """The photo asked with that is most alike; null where none was liked."""
    matched_photo: str
    cosine: float | None
    euclidean: float | None
    percentile: float | None
    """Share of a sample of the catalog's photos that are less alike."""
    probability: float | None
    """Calibrated probability that both show the same category."""
    filters: list[str]
    boosts: dict[str, float]
    parts: dict[str, Any]


@final
class FacetRangeShape(TypedDict):
    """A range from ``gte`` up to but without ``lt``, with the filter text that selects it."""

    gte: float | str | None
    lt: float | str | None
    count: int
    where: list[str]
    """Filter texts that select it, all of which hold."""


@final
class FacetShape(TypedDict):
    """A field's values or ranges with the number of products."""

    field: str
    kind: str
    counted: str
    """What the counts are of."""
    values: NotRequired[list[FacetValueShape] | None]
    ranges: NotRequired[list[FacetRangeShape] | None]
    more: NotRequired[bool | None]
    """Whether there are more values than were asked for."""


@final
class FacetValueShape(TypedDict):
    """A value, with the filter text that selects it."""

    value: str | bool
    count: int
    where: list[str]
    """Filter texts that select it, all of which hold."""


@final
class FacetsBody(TypedDict, total=False):
    """Values and ranges of fields with the number of products that pass the filter."""

    fields: list[str]
    """Empty: all that can be counted."""
    where: list[str] | dict[str, Any]
    limit: int
    """Values of a field, most frequent first."""


@final
class FacetsShape(TypedDict):
    """Facets of the whole catalog, or of what passes a filter."""

    facets: list[FacetShape]


class FieldError(TypedDict):
    """One field of a request that cannot be taken."""

    where: str
    """Path of the field, as in `body.options.k`."""
    message: str
    """What is wrong with it."""


class Health(TypedDict):
    """That all is well."""

    status: str
    generation: NotRequired[str | None]
    """The published generation."""


@final
class MatchShape(TypedDict):
    """One product of an answer, shown by its photo that is most alike."""

    product_id: str
    score: float
    category: str | None
    photo: str
    """The photo's path in the catalog."""
    thumbnail: str | None
    """Address of a picture, relative to this server."""
    payload: dict[str, Any]
    relaxed: NotRequired[list[str] | None]
    """Filters dropped for this product to be here."""
    explanation: NotRequired[ExplanationShape | None]


@final
class Pair(TypedDict):
    """Rather like the first than like the second."""

    positive: str | ExampleBody
    negative: str | ExampleBody


@final
class PhotoShape(TypedDict):
    """A photo of a product."""

    photo: str
    thumbnail: str | None


@final
class Problem(TypedDict):
    """What went wrong, for programs and people (RFC 9457)."""

    type: str
    """Names the kind of problem and never changes."""
    title: str
    """The kind of problem in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What is wrong this time, and what to do about it."""
    request_id: NotRequired[str | None]
    """Names this request in the service's log."""
    errors: NotRequired[list[FieldError] | None]
    """The fields that cannot be taken."""


@final
class ProductShape(TypedDict):
    """What the index knows of a product."""

    product_id: str
    payload: dict[str, Any]
    photos: list[PhotoShape]
    generation: str


@final
class RecommendBody(OptionsBody, total=False):
    """More like the positive, less like the negative."""

    positive: list[str | ExampleBody]
    negative: list[str | ExampleBody]
    strategy: Literal["average_vector", "best_score"]


@final
class ReportsShape(TypedDict):
    """Addresses of the reports there are."""

    reports: list[str]


@final
class SimilarBody(OptionsBody, total=False):
    """Products that look like a product, a photo or a vector."""

    product_id: str | None
    """A product of the index."""
    image: str | None
    """A photo: the bytes of an image file in base64."""
    url: str | None
    """Where a photo can be fetched; public http or https addresses only."""
    vector: list[float] | None
    """An embedding of the index's model."""
    crop: tuple[float, float, float, float] | None
    """Left, top, right and bottom of the part of the photo that counts, as shares 0 to 1."""


class Status(TypedDict):
    """What answers come from."""

    version: str
    """Of this program."""
    location: str
    """Directory or address of the index."""
    engine: str
    """embedded or server."""
    generation: str
    """The published generation."""
    model: str
    """Fingerprint of the model."""
    photos: int
    fields: dict[str, str]
    """Fields that can be filtered, and their types."""
    details: dict[str, Any]
    """What is particular to the engine."""


@final
class TextBody(OptionsBody, total=False):
    """Products by a text."""

    text: Required[str]
    mode: Literal["words", "looks", "auto"]
    """`words` of titles and attributes, or `looks` through the index's text model; `auto` is `looks` where the index
    has one."""
