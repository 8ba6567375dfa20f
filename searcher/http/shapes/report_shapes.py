"""The bodies of responses about reports: stored reports, duplicates, audits, clusters, decisions."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from searcher.http.shapes.responses import Payload, Shape
from searcher.insights.duplicates.decisions import Verdict
from searcher.pages.report_store import Kind

TierName = Literal["identical_file", "identical_pixels", "edited", "other_photo", "variant"]
THUMBNAIL = "Address of a picture, relative to this server."
SHA = "a1" * 32
OTHER_SHA = "b2" * 32


class StoredReportShape(Shape):
    """A report on the catalog."""

    kind: Kind
    generation: str = Field(description="The generation of the index that it is about.")
    created_at: str
    stale: bool = Field(description="Whether the index has moved on since.")
    files: list[str] = Field(description="Addresses of its page, table and JSON, relative to this server.")


class ReportsShape(Shape):
    """The reports there are."""

    reports: list[str] = Field(description="Addresses of all files, the model's training report included.")
    stored: list[StoredReportShape] = Field(description="Reports on the catalog.")


class PageShape(Shape):
    """What a page of a stored report says besides its entries."""

    total: int = Field(description="Entries that pass.")
    offset: int
    summary: Payload = Field(description="Counts of the whole report.")
    notes: list[str]
    generation: str = Field(description="The generation of the index that the report is about.")
    model: str = Field(description="Fingerprint of the model that made the vectors.")
    created_at: str
    stale: bool = Field(description="Whether the index has moved on since.")


class EvidenceShape(Shape):
    """Why two photos are in a tier; what was not measured is left out."""

    cosine: float | None = None
    phash_distance: int | None = Field(None, description="Differing bits of 64.")
    matched_features: int | None = None
    transform: list[float] | None = Field(
        None,
        description="Affine matrix, row by row, from shares of the second photo's width and height to the first's.",
    )
    flipped: bool | None = Field(None, description="Whether the second is mirrored before that.")
    overlap: float | None = Field(None, description="Share of the first photo that the second covers.")
    colour_difference: float | None = Field(None, description="Typical CIELAB distance after alignment.")
    decided_by: str | None = Field(None, description="Who decided, where a person did.")


class DifferingFieldShape(Shape):
    """A field in which the products of two photos differ."""

    field: str
    first: str
    second: str


class ComparedPhotoShape(Shape):
    """A photo of the index."""

    id: str
    product_id: str
    photo: str = Field(description="Its path in the catalog.")
    sha256: str
    width: int
    height: int
    bytes: int
    category: str | None
    payload: Payload
    thumbnail: str | None = Field(description=THUMBNAIL)


class MemberShape(ComparedPhotoShape):
    """A photo of a group, and what it is to the group's first photo."""

    tier: TierName | None = Field(description="null for the first.")
    probability: float | None
    evidence: EvidenceShape | None
    keep: bool
    delete: bool = Field(description="Whether it may be deleted: it is a copy of the one that is kept.")
    in_words: list[str] = Field(description="The evidence for people.")
    differs: list[DifferingFieldShape]
    verdict: Verdict | None = Field(description="What a person decided last of it and the first photo.")


class GroupShape(Shape):
    """Photos that belong together; all were compared with the first."""

    id: str
    tier: TierName
    products: list[str]
    crosses_categories: bool
    prices_differ: bool
    members: list[MemberShape]


class PairShape(Shape):
    """Two photos that are in no group together."""

    first: ComparedPhotoShape
    second: ComparedPhotoShape
    tier: TierName
    probability: float
    evidence: EvidenceShape
    in_words: list[str]
    differs: list[DifferingFieldShape]
    verdict: Verdict | None


class DuplicatesShape(PageShape):
    """A page of the report of duplicates: groups, and after the last of them the loose pairs."""

    groups: list[GroupShape]
    loose_pairs: list[PairShape]


class AuditPhotoShape(Shape):
    """A photo that was judged."""

    id: str
    product_id: str
    photo: str = Field(description="Its path in the catalog.")
    sha256: str
    category: str | None
    predicted_category: str | None
    predicted_confidence: float | None
    thumbnail: str | None = Field(description=THUMBNAIL)


class NeighbourShape(AuditPhotoShape):
    """A photo beside it, and how alike the two are."""

    cosine: float


class MislabelShape(Shape):
    """A product whose category is in doubt."""

    product_id: str
    category: str
    suggested: str
    score: float = Field(description="0 to 1: how doubtful; ranks, and is no probability.")
    neighbour_share: float
    label_probability: float
    suggested_probability: float
    photos: int
    photo: AuditPhotoShape
    neighbours: list[NeighbourShape]
    reasons: list[str]
    payload: Payload


class MislabelsShape(PageShape):
    """A page of the report of doubtful categories, the most doubtful first."""

    entries: list[MislabelShape]


class OutlierShape(Shape):
    """A product with a photo that stands out."""

    oddity: str = Field(description="far, no_jewelry or disagreeing.")
    product_id: str
    score: float
    z: float = Field(description="Usual deviations from what is usual.")
    cosine: float
    category: str | None
    photos: int
    photo: AuditPhotoShape
    neighbours: list[NeighbourShape]
    reasons: list[str]
    payload: Payload


class OutliersShape(PageShape):
    """A page of the report of photos that stand out."""

    entries: list[OutlierShape]


class ClusterShape(Shape):
    """Products that look alike."""

    id: str = Field(description="The product in its middle.")
    name: str
    size: int
    cohesion: float
    attributes: Payload
    members: list[NeighbourShape] = Field(description="The one in the middle first, then by falling likeness.")
    product_ids: list[str]


class ClustersShape(PageShape):
    """A page of the report of clusters, the largest first."""

    entries: list[ClusterShape]


class CheckMatchShape(Shape):
    """A photo of the index that the photo asked with is a copy, a second photo or a variant of."""

    product_id: str
    photo: str = Field(description="Its path in the catalog.")
    tier: TierName
    probability: float
    evidence: EvidenceShape
    thumbnail: str | None = Field(description=THUMBNAIL)


class CheckShape(Shape):
    """Whether a photo is in the catalog already."""

    photo: str
    duplicate: bool = Field(description="Whether the index holds the same picture.")
    matches: list[CheckMatchShape] = Field(description="Strictest tier first; none, and the photo is new.")
    nearest: str | None = Field(description="The product that looks most alike, whether it matches or not.")
    not_verified: int = Field(
        description="Photos that are near and were not compared: others are likelier copies, or there is no picture."
    )
    generation: str
    model: str
    took_ms: float


class DecisionShape(Shape):
    """What a person decided of two photos."""

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": False,
            "examples": [
                {"first": SHA, "second": OTHER_SHA, "verdict": "same", "by": "anna", "at": "2026-11-01T09:30:00Z"}
            ],
        }
    )

    first: str = Field(description="sha256 of the photo's file.")
    second: str
    verdict: Verdict
    by: str = Field(description="The name of the API key.")
    at: str


class DecisionsShape(Shape):
    """The last decision on each pair."""

    decisions: list[DecisionShape]
    total: int
    offset: int


def without_paths(document: dict[str, Any]) -> dict[str, Any]:
    """A report for other machines: without the place of the catalog on this one."""
    return {name: value for name, value in document.items() if name != "catalog_root"}
