"""Shapes of requests and responses, written from the OpenAPI document by searcher.client.write_shapes.

Do not edit: change the models of the service, then run
``python -m searcher.http.app | python -m searcher.client.write_shapes``.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required, TypedDict, final


class OptionsBody(TypedDict, total=False):
    """What every question for products takes."""

    k: int
    """How many products, 1 to 10000."""
    offset: int
    """Products skipped before the first: page n of size k begins at n times k."""
    where: list[str] | dict[str, Any]
    """Filters, all of which must hold: `category=rings`, `metal=gold|silver`, `category!=watches`, `price=100..500`,
    `price<=500`, `in_stock=true`, `title~pearl`, `created>=2026-01-31`, `stone=` (has none). Or one filter in Qdrant's
    JSON."""
    min_score: float | None
    """Least cosine of an answer, -1 to 1."""
    fields: list[str] | None
    """Payload fields to return; default: all."""
    preset: str | None
    """A filter relative to the product asked with: other-metal, cheaper …."""
    boosts: list[str]
    """Add to the score: in_stock:0.05."""
    caps: list[str]
    """At most N products of one value: brand:2."""
    diversity: float
    """0 orders by score alone, 1 by difference from what is above."""
    relax: list[str]
    """Fields whose filters may be dropped, in this order, when fewer than k pass; * is any."""
    facets: list[str]
    """Fields whose values are counted over what passes."""
    explain: bool
    """Say of each product why it is there."""
    exact: bool
    """Compare with every photo instead of walking the graph."""


@final
class AlsoViewedBody(OptionsBody, total=False):
    """What a visitor may want to see next."""

    product_ids: Required[list[str]]
    """The visitor's last products, newest first."""
    decay: float
    """Weight of a product relative to the one viewed after it."""
    co_view_weight: float
    """0 to 1: what visitors viewed together, against looks."""


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
class AuditPhotoShape(TypedDict):
    """A photo that was judged."""

    id: str
    product_id: str
    photo: str
    """Its path in the catalog."""
    sha256: str
    category: str | None
    predicted_category: str | None
    predicted_confidence: float | None
    thumbnail: str | None
    """Address of a picture, relative to this server."""


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
class CheckBody(TypedDict, total=False):
    """A photo that may be in the catalog already: exactly one of image and url."""

    image: str | None
    """A photo: the bytes of an image file in base64."""
    url: str | None
    """Where a photo can be fetched; public http or https addresses only."""


@final
class CheckMatchShape(TypedDict):
    """A photo of the index that the photo asked with is a copy, a second photo or a variant of."""

    product_id: str
    photo: str
    """Its path in the catalog."""
    tier: Literal["identical_file", "identical_pixels", "edited", "other_photo", "variant"]
    probability: float
    evidence: EvidenceShape
    thumbnail: str | None
    """Address of a picture, relative to this server."""


@final
class CheckShape(TypedDict):
    """Whether a photo is in the catalog already."""

    photo: str
    duplicate: bool
    """Whether the index holds the same picture."""
    matches: list[CheckMatchShape]
    """Strictest tier first; none, and the photo is new."""
    nearest: str | None
    """The product that looks most alike, whether it matches or not."""
    not_verified: int
    """Photos that are near and were not compared: others are likelier copies, or there is no picture."""
    generation: str
    model: str
    took_ms: float


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
    """Left, top, right and bottom of the part of the photo that counts, as shares 0 to 1."""
    k: int
    """How many categories."""


@final
class ClusterShape(TypedDict):
    """Products that look alike."""

    id: str
    """The product in its middle."""
    name: str
    size: int
    cohesion: float
    attributes: dict[str, Any]
    members: list[NeighbourShape]
    """The one in the middle first, then by falling likeness."""
    product_ids: list[str]


@final
class ClustersShape(TypedDict):
    """A page of the report of clusters, the largest first."""

    total: int
    """Entries that pass."""
    offset: int
    summary: dict[str, Any]
    """Counts of the whole report."""
    notes: list[str]
    generation: str
    """The generation of the index that the report is about."""
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""
    entries: list[ClusterShape]


@final
class ComparedPhotoShape(TypedDict):
    """A photo of the index."""

    id: str
    product_id: str
    photo: str
    """Its path in the catalog."""
    sha256: str
    width: int
    height: int
    bytes: int
    category: str | None
    payload: dict[str, Any]
    thumbnail: str | None
    """Address of a picture, relative to this server."""


@final
class DecisionBody(TypedDict):
    """What two photos are to each other; photos are named by the sha256 of their files."""

    first: str
    second: str
    verdict: Literal["same", "variant", "different", "skip"]
    """`skip` leaves it open, and takes back what was decided before."""


@final
class DecisionShape(TypedDict):
    """What a person decided of two photos."""

    first: str
    """sha256 of the photo's file."""
    second: str
    verdict: Literal["same", "variant", "different", "skip"]
    by: str
    """The name of the API key."""
    at: str


@final
class DecisionsShape(TypedDict):
    """The last decision on each pair."""

    decisions: list[DecisionShape]
    total: int
    offset: int


@final
class DifferingFieldShape(TypedDict):
    """A field in which the products of two photos differ."""

    field: str
    first: str
    second: str


@final
class DiscoverBody(OptionsBody, total=False):
    """Like the target, but rather A than B of each pair."""

    target: str | ExampleBody | None
    context: list[Pair]


@final
class DuplicatesShape(TypedDict):
    """A page of the report of duplicates: groups, and after the last of them the loose pairs."""

    total: int
    """Entries that pass."""
    offset: int
    summary: dict[str, Any]
    """Counts of the whole report."""
    notes: list[str]
    generation: str
    """The generation of the index that the report is about."""
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""
    groups: list[GroupShape]
    loose_pairs: list[PairShape]


@final
class EvidenceShape(TypedDict, total=False):
    """Why two photos are in a tier; what was not measured is left out."""

    cosine: float | None
    phash_distance: int | None
    """Differing bits of 64."""
    matched_features: int | None
    transform: list[float] | None
    """Affine matrix, row by row, from shares of the second photo's width and height to the first's."""
    flipped: bool | None
    """Whether the second is mirrored before that."""
    overlap: float | None
    """Share of the first photo that the second covers."""
    colour_difference: float | None
    """Typical CIELAB distance after alignment."""
    decided_by: str | None
    """Who decided, where a person did."""


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
    """Fields; none: all that can be counted."""
    where: list[str] | dict[str, Any]
    """Filters, all of which must hold: `category=rings`, `metal=gold|silver`, `category!=watches`, `price=100..500`,
    `price<=500`, `in_stock=true`, `title~pearl`, `created>=2026-01-31`, `stone=` (has none). Or one filter in Qdrant's
    JSON."""
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


@final
class GroupShape(TypedDict):
    """Photos that belong together; all were compared with the first."""

    id: str
    tier: Literal["identical_file", "identical_pixels", "edited", "other_photo", "variant"]
    products: list[str]
    crosses_categories: bool
    prices_differ: bool
    members: list[MemberShape]


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
class MemberShape(TypedDict):
    """A photo of a group, and what it is to the group's first photo."""

    id: str
    product_id: str
    photo: str
    """Its path in the catalog."""
    sha256: str
    width: int
    height: int
    bytes: int
    category: str | None
    payload: dict[str, Any]
    thumbnail: str | None
    """Address of a picture, relative to this server."""
    tier: Literal["identical_file", "identical_pixels", "edited", "other_photo", "variant"] | None
    """null for the first."""
    probability: float | None
    evidence: EvidenceShape | None
    keep: bool
    delete: bool
    """Whether it may be deleted: it is a copy of the one that is kept."""
    in_words: list[str]
    """The evidence for people."""
    differs: list[DifferingFieldShape]
    verdict: Literal["same", "variant", "different", "skip"] | None
    """What a person decided last of it and the first photo."""


@final
class MislabelShape(TypedDict):
    """A product whose category is in doubt."""

    product_id: str
    category: str
    suggested: str
    score: float
    """0 to 1: how doubtful; ranks, and is no probability."""
    neighbour_share: float
    label_probability: float
    suggested_probability: float
    photos: int
    photo: AuditPhotoShape
    neighbours: list[NeighbourShape]
    reasons: list[str]
    payload: dict[str, Any]


@final
class MislabelsShape(TypedDict):
    """A page of the report of doubtful categories, the most doubtful first."""

    total: int
    """Entries that pass."""
    offset: int
    summary: dict[str, Any]
    """Counts of the whole report."""
    notes: list[str]
    generation: str
    """The generation of the index that the report is about."""
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""
    entries: list[MislabelShape]


@final
class NeighbourShape(TypedDict):
    """A photo beside it, and how alike the two are."""

    id: str
    product_id: str
    photo: str
    """Its path in the catalog."""
    sha256: str
    category: str | None
    predicted_category: str | None
    predicted_confidence: float | None
    thumbnail: str | None
    """Address of a picture, relative to this server."""
    cosine: float


@final
class OutlierShape(TypedDict):
    """A product with a photo that stands out."""

    oddity: str
    """far, no_jewelry or disagreeing."""
    product_id: str
    score: float
    z: float
    """Usual deviations from what is usual."""
    cosine: float
    category: str | None
    photos: int
    photo: AuditPhotoShape
    neighbours: list[NeighbourShape]
    reasons: list[str]
    payload: dict[str, Any]


@final
class OutliersShape(TypedDict):
    """A page of the report of photos that stand out."""

    total: int
    """Entries that pass."""
    offset: int
    summary: dict[str, Any]
    """Counts of the whole report."""
    notes: list[str]
    generation: str
    """The generation of the index that the report is about."""
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""
    entries: list[OutlierShape]


@final
class Pair(TypedDict):
    """Rather like the first than like the second."""

    positive: str | ExampleBody
    negative: str | ExampleBody


@final
class PairShape(TypedDict):
    """Two photos that are in no group together."""

    first: ComparedPhotoShape
    second: ComparedPhotoShape
    tier: Literal["identical_file", "identical_pixels", "edited", "other_photo", "variant"]
    probability: float
    evidence: EvidenceShape
    in_words: list[str]
    differs: list[DifferingFieldShape]
    verdict: Literal["same", "variant", "different", "skip"] | None


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
    """average_vector: between the examples; best_score: near one of them."""


@final
class ReportsShape(TypedDict):
    """The reports there are."""

    reports: list[str]
    """Addresses of all files, the model's training report included."""
    stored: list[StoredReportShape]
    """Reports on the catalog."""


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
class StoredReportShape(TypedDict):
    """A report on the catalog."""

    kind: Literal["duplicates", "mislabels", "outliers", "clusters"]
    generation: str
    """The generation of the index that it is about."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""
    files: list[str]
    """Addresses of its page, table and JSON, relative to this server."""


@final
class TextBody(OptionsBody, total=False):
    """Products by a text."""

    text: Required[str]
    mode: Literal["words", "looks", "auto"]
    """words of the catalog, or looks through the index's text model; auto: looks if it has one."""
