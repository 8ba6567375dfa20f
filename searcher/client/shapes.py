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
    """0 orders by score alone; the more, the less alike each is to those above it."""
    colour: float
    """Like this, and in these colours: 0 goes by looks alone, 1 by colours alone; 0.2 costs no likeness."""
    relax: list[str]
    """Fields whose filters may be dropped, in this order, when fewer than k pass; * is any."""
    facets: list[str]
    """Fields whose values are counted over what matches."""
    explain: bool
    """Say of each product why it is there."""
    exact: bool
    """Compare with every photo instead of walking the graph."""
    per: Literal["group", "product"]
    """group: of products with one group_id, the best; product: each by itself."""


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
class Answer(TypedDict):
    """The matches, best first, and what they were computed from: all of it is one generation of the index."""

    query: dict[str, Any]
    matches: list[Match]
    generation: str
    model: str
    """Fingerprint of the model that made the vectors."""
    took_ms: float
    """Milliseconds from the question to the answer, opening index and model included."""
    relaxed: NotRequired[list[str] | None]
    """Filters that were dropped because too few products passed, in the order they were."""
    facets: NotRequired[list[Facet] | None]
    """Counts over all products that pass the filter, each product of a group by itself."""
    result_facets: NotRequired[list[Facet] | None]
    """Counts over the matches."""
    notes: NotRequired[list[str] | None]
    """What a person should know of how the answer came about, a sentence each."""


@final
class AuditPhoto(TypedDict):
    """A photo that was judged."""

    id: str
    """Id of its point."""
    product_id: str
    photo: str
    """Under the catalog root."""
    sha256: str
    """Names its picture; empty where the index does not know it."""
    category: str | None
    """As the catalog says."""
    predicted_category: str | None
    """By the index's model, which may have learned from these very labels."""
    predicted_confidence: float | None
    thumbnail: str | None
    """Address of a picture, relative to this server."""


@final
class Batch(TypedDict):
    """An answer or an error for each query, in their order."""

    answers: list[Answer | BatchError]


@final
class BatchBody(OptionsBody, total=False):
    """`similar` for many examples at once, all answered from one generation of the index."""

    queries: Required[list[str | ExampleBody]]
    """What to compare with. Queries times offset + k is at most 10000, where boosts, caps and diversity, or colour,
    count as 500; queries times facets is at most 100."""


@final
class BatchError(TypedDict):
    """Why one query of a batch has no answer."""

    error: str


@final
class Category(TypedDict):
    """A category and its calibrated probability, 0 to 1."""

    category: str
    probability: float


@final
class Check(TypedDict):
    """Whether a photo is in the catalog already."""

    photo: str
    """What the new photo is called."""
    nearest: str | None
    """The product that looks most alike, whether it matches or not."""
    not_verified: int
    """Neighbours that look related and were not compared: others are likelier copies, or there is no picture."""
    generation: str
    model: str
    took_ms: float
    blank: NotRequired[bool | None]
    """Whether the photo shows nothing but one colour: then it was compared with nothing."""
    placeholder: NotRequired[bool | None]
    """Whether its picture stands for missing photos of many products: then it is no duplicate of theirs."""
    matches: list[CheckMatch]
    duplicate: bool
    """Whether the index holds the same picture, as that of a product."""


@final
class CheckBody(TypedDict, total=False):
    """A photo that may be in the catalog already: exactly one of image and url."""

    image: str | None
    """A photo: the bytes of an image file in base64."""
    url: str | None
    """Where a photo can be fetched; public http or https addresses only."""


@final
class CheckMatch(TypedDict):
    """A photo of the index that the photo asked with is a copy, a second photo or a variant of."""

    product_id: str
    photo: str
    """Its path in the catalog."""
    tier: Tier
    probability: float
    evidence: Evidence
    thumbnail: str | None
    """Address of a picture, relative to this server."""


@final
class Classification(TypedDict):
    """The likeliest categories of a photo, best first, or that it is none of these, and the model that says so."""

    photo: str
    none_of_these: bool
    """The photo is too unlike what the model learned from to show any of its categories; see ``usual``."""
    usual: float | None
    """The share of the shop's own photos that are about as strange; 1 of most. null where the model cannot say."""
    categories: list[Category]
    """Name and calibrated probability, 0 to 1, if it is one of them."""
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
class Cluster(TypedDict):
    """Products that look alike."""

    id: str
    """The product id of the medoid: the same as long as that product stands in its middle."""
    name: str
    """From what most of its products share: "gold rings, ruby"."""
    size: int
    """Products in it."""
    cohesion: float
    """Mean cosine of its products to the medoid, -1..1."""
    product_ids: list[str]
    """All of its products, in the same order."""
    attributes: dict[str, Any]
    """Field and value that most of its products share."""
    members: list[ClusterMember]
    """The medoid first, then by falling likeness; no more than were asked for."""


@final
class ClusterMember(TypedDict):
    """A product of a cluster, by its photo that is nearest to the one in the middle, and how alike the two are."""

    id: str
    """Id of its point."""
    product_id: str
    photo: str
    """Under the catalog root."""
    sha256: str
    """Names its picture; empty where the index does not know it."""
    category: str | None
    """As the catalog says."""
    predicted_category: str | None
    """By the index's model, which may have learned from these very labels."""
    predicted_confidence: float | None
    thumbnail: str | None
    """Address of a picture, relative to this server."""
    cosine: float


@final
class Clusters(TypedDict):
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
    entries: list[Cluster]


@final
class ComparedPair(TypedDict):
    """Two photos that are in no group together."""

    tier: Tier
    probability: float
    """Calibrated probability that the tier is right, 0..1; 1 for equal bytes and pixels."""
    evidence: Evidence
    in_words: list[str]
    """The evidence for people."""
    differs: list[DifferingField]
    verdict: Literal["same", "variant", "different", "skip"] | None
    """What a person decided last of the two."""
    first: ComparedPhoto
    second: ComparedPhoto


@final
class ComparedPhoto(TypedDict):
    """A photo of the index."""

    id: str
    """Id of its point."""
    product_id: str
    photo: str
    """Under the catalog root."""
    sha256: str
    width: int
    height: int
    bytes: int
    category: str | None
    payload: dict[str, Any]
    """The catalog's fields; empty where a report holds so many photos that they are read only for members."""
    thumbnail: str | None
    """Address of a picture, relative to this server."""


@final
class Decision(TypedDict):
    """One verdict on two photos, whichever is named first."""

    first: str
    """sha256 of its file."""
    second: str
    verdict: Literal["same", "variant", "different", "skip"]
    by: str
    """Who decided, for people."""
    at: str
    """When, in UTC."""


@final
class DecisionBody(TypedDict):
    """What two photos are to each other; photos are named by the sha256 of their files."""

    first: str
    second: str
    verdict: Literal["same", "variant", "different", "skip"]
    """`skip` leaves it open, and takes back what was decided before."""


@final
class Decisions(TypedDict):
    """The last decision on each pair."""

    decisions: list[Decision]
    total: int
    offset: int


@final
class DifferingField(TypedDict):
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
class Duplicates(TypedDict):
    """A page of the report of duplicates: groups, then the loose pairs, the placeholders and the blank photos."""

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
    groups: list[Group]
    loose_pairs: list[ComparedPair]
    placeholders: list[Placeholder]
    """Pictures that many products share; nothing of them is to delete."""
    blank: list[ComparedPhoto]
    """Photos that show nothing but one colour, and were compared with nothing."""


@final
class Evidence(TypedDict, total=False):
    """Why two photos are in a tier. What was not measured is null."""

    cosine: float | None
    """Of the two embeddings."""
    phash_distance: int | None
    """Differing bits of 64."""
    matched_features: int | None
    """Local features that agree on one placement of the second photo in the first."""
    transform: list[float] | None
    """That placement: the affine matrix, row by row, that takes shares (0..1) of the second photo's width and height to
    shares of the first's, after the flip if there is one."""
    flipped: bool | None
    turned: int | None
    """Degrees by which the second photo has to be turned to lie like the first, against the clock and after the flip:
    90, 180 or 270. The placement has the turn within."""
    overlap: float | None
    """Share of the first photo that the second covers, 0..1."""
    colour_difference: float | None
    """Typical CIELAB distance (ΔE 1976) of the overlapping pixels after alignment."""
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
class Explanation(TypedDict):
    """Why a product is in the answer. What cannot be known is null."""

    asked_photo: str | None
    """The photo asked with that is most alike to it; null where no photo was liked."""
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
    filters: list[str]
    """The filters it passed."""
    boosts: dict[str, float]
    """What each boost added to the score."""
    parts: dict[str, Any]
    """What else the score is made of, for questions that blend."""


@final
class Facet(TypedDict):
    """One field's values, most frequent first, or its ranges in order; what selects nothing is left out."""

    field: str
    kind: str
    counted: str
    """What the counts are of: "products", each one of a group by itself, or "first photos" where reading an index this
    large would take too long."""
    values: NotRequired[list[FacetValue] | None]
    """Of keywords and booleans."""
    ranges: NotRequired[list[FacetRange] | None]
    """Of numbers and dates."""
    more: NotRequired[bool | None]
    """Whether there are more values than were asked for."""


@final
class FacetRange(TypedDict):
    """Numbers, or days of ISO dates, from ``gte`` to below ``lt``; a bound that is null is open."""

    gte: float | str | None
    lt: float | str | None
    count: int
    where: list[str]
    """Filter texts that select it, all of which hold."""


@final
class FacetValue(TypedDict):
    """A value of a keyword or boolean field."""

    value: str | bool
    count: int
    where: list[str]
    """Filter texts that select it, all of which hold."""


@final
class Facets(TypedDict):
    """Facets of the whole catalog, or of what passes a filter."""

    facets: list[Facet]
    notes: NotRequired[list[str] | None]
    """Why the filter passes no product, a sentence each."""


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


class FieldError(TypedDict):
    """One field of a request that cannot be taken."""

    where: str
    """Path of the field, as in `body.options.k`."""
    message: str
    """What is wrong with it."""


@final
class Group(TypedDict):
    """Photos that belong together; all were compared with the first."""

    id: str
    """The same as long as the medoid's photo and the tier are."""
    tier: Tier
    """The loosest of the members' tiers. Copies, other photos and variants never share a group."""
    members: list[Member]
    """The medoid first, then by falling probability."""
    products: list[str]
    """The products in it, each once, in the order of the members."""
    crosses_categories: bool
    """Whether its photos are filed under several categories."""
    prices_differ: bool
    """Whether the shop asks several prices for one product; variants have theirs by right."""


class Health(TypedDict):
    """That all is well."""

    status: str
    generation: NotRequired[str | None]
    """The published generation."""


@final
class Match(TypedDict):
    """One product of an answer, or one of each group, shown by its photo that is most alike."""

    product_id: str
    score: float
    """What the answer is ordered by: the cosine in [-1, 1] between the nearest pair of photos, to 8 decimals, unless
    boosts or a strategy made another number of it."""
    category: str | None
    photo: str
    """Key of that photo: its path under the catalog root."""
    thumbnail: str | None
    """A small picture of the photo: a path of this disk; over HTTP an address, relative to the server."""
    payload: dict[str, Any]
    relaxed: NotRequired[list[str] | None]
    """Filters that had to be dropped for this product to be here."""
    variants: NotRequired[Variants | None]
    """The products of its group that pass the filter, where it has others; this is the best of them."""
    explanation: NotRequired[Explanation | None]


@final
class Member(TypedDict):
    """A photo of a group, and what it is to the group's first photo, for which tier and evidence are null."""

    id: str
    """Id of its point."""
    product_id: str
    photo: str
    """Under the catalog root."""
    sha256: str
    width: int
    height: int
    bytes: int
    category: str | None
    payload: dict[str, Any]
    """The catalog's fields; empty where a report holds so many photos that they are read only for members."""
    thumbnail: str | None
    """Address of a picture, relative to this server."""
    tier: Tier | None
    probability: float | None
    evidence: Evidence | None
    keep: bool
    """Whether this is the copy to keep: best resolution, then most complete payload, then oldest."""
    delete: bool
    """Whether it may be deleted: it is a copy of the one that is kept."""
    in_words: list[str]
    """The evidence for people."""
    differs: list[DifferingField]
    verdict: Literal["same", "variant", "different", "skip"] | None
    """What a person decided last of the two."""


@final
class Mislabel(TypedDict):
    """A product whose category is in doubt."""

    product_id: str
    category: str
    """As the catalog says."""
    suggested: str
    """The category that is likeliest by its photos, judged without its own label."""
    score: float
    """0..1: the probability that the given category is wrong, as far as this catalog tells."""
    neighbour_share: float
    """Share of the neighbours, weighted by likeness, that are not of the given category; mean over the photos."""
    label_probability: float
    """The probability that the given category is right: 1 - score."""
    suggested_probability: float
    """The probability that the suggested category is the right one; above that of the given one."""
    photos: int
    reasons: list[str]
    """A sentence each."""
    payload: dict[str, Any]
    """The catalog's fields."""
    photo: AuditPhoto
    """Its most doubtful photo."""
    neighbours: list[Neighbour]
    """The nearest photos of other products to that photo, most alike first."""


@final
class Mislabels(TypedDict):
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
    entries: list[Mislabel]


@final
class Neighbour(TypedDict):
    """A photo beside it, and how alike the two are."""

    id: str
    """Id of its point."""
    product_id: str
    photo: str
    """Under the catalog root."""
    sha256: str
    """Names its picture; empty where the index does not know it."""
    category: str | None
    """As the catalog says."""
    predicted_category: str | None
    """By the index's model, which may have learned from these very labels."""
    predicted_confidence: float | None
    thumbnail: str | None
    """Address of a picture, relative to this server."""
    cosine: float


@final
class Outlier(TypedDict):
    """A product with a photo that stands out."""

    oddity: str
    product_id: str
    score: float
    """0..1, comparable within one kind of oddity."""
    z: float
    """How many usual deviations it is from what is usual in this catalog."""
    cosine: float
    """Mean cosine to the nearest photos of other products; of a disagreeing product, of its two least alike photos."""
    reasons: list[str]
    """A sentence each."""
    photos: int
    payload: dict[str, Any]
    """The catalog's fields."""
    photo: AuditPhoto
    """The photo that stands out."""
    neighbours: list[Neighbour]
    """The nearest photos of other products; of a disagreeing product, its own other photos, least alike first."""
    category: str | None
    """As the catalog says."""


@final
class Outliers(TypedDict):
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
    entries: list[Outlier]


@final
class Pair(TypedDict):
    """Rather like the first than like the second."""

    positive: str | ExampleBody
    negative: str | ExampleBody


@final
class Placeholder(TypedDict):
    """A picture that stands for missing photos of many products."""

    id: str
    """The same as long as the first photo is."""
    photos: list[ComparedPhoto]
    """All that show it."""
    products: list[str]
    """The products that have it, each once, in the order of the photos."""


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
class ProductPage(TypedDict):
    """What the index knows of a product."""

    product_id: str
    payload: dict[str, Any]
    """Of its first photo."""
    photos: list[QueryPhoto]
    """In the order of their rank."""
    generation: str
    variants: NotRequired[Variants | None]
    """The products of its group, where it has others."""


@final
class QueryPhoto(TypedDict):
    """One photo that was asked with: where a picture of it can be found, as far as that is known."""

    photo: str
    thumbnail: str | None


@final
class RecommendBody(OptionsBody, total=False):
    """More like the positive, less like the negative."""

    positive: list[str | ExampleBody]
    negative: list[str | ExampleBody]
    strategy: Literal["average_vector", "best_score"]
    """average_vector: between the examples; best_score: near one of them."""


@final
class Reports(TypedDict):
    """The reports there are."""

    reports: list[str]
    """Addresses of all files, the model's training report included."""
    stored: list[StoredReport]
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
class StoredReport(TypedDict):
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


Tier = Literal["identical_file", "identical_pixels", "edited", "other_photo", "variant"]
"""What two photos are to each other, strictest first; a pair is in one tier at the most."""


@final
class Variants(TypedDict):
    """The products of a group that pass the filter: how many there are, and their ids, not all of many."""

    group_id: str
    count: int
    """The product that is shown counts too."""
    product_ids: list[str]
    """The one that is shown, then the others in order of id: 20 at most."""
