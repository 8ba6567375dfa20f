"""Responses about reports, duplicates and decisions: what HTTP adds to the dataclasses of `searcher.insights`.

Pages are made of the JSON of stored reports by `ReportPages`, and only described by what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.system.plain_json import PlainJson
from searcher.insights.audits import answers as audits
from searcher.insights.clusters import answers as clusters
from searcher.insights.duplicates import answers as duplicates
from searcher.insights.duplicates.decisions import Decision, Verdict
from searcher.insights.report import Kind

SHA = "a1" * 32
OTHER_SHA = "b2" * 32


@dataclass(frozen=True, slots=True)
class StoredReport(PlainJson):
    """A report on the catalog."""

    kind: Kind
    generation: str
    """The generation of the index that it is about."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""
    files: tuple[str, ...]
    """Addresses of its page, table and JSON, relative to this server."""


@dataclass(frozen=True, slots=True)
class Reports(PlainJson):
    """The reports there are."""

    reports: tuple[str, ...]
    """Addresses of all files, the model's training report included."""
    stored: tuple[StoredReport, ...]
    """Reports on the catalog."""


@dataclass(frozen=True, slots=True)
class Page(PlainJson):
    """What a page of a stored report says besides its entries."""

    total: int
    """Entries that pass."""
    offset: int
    summary: Mapping[str, Any]
    """Counts of the whole report."""
    notes: tuple[str, ...]
    generation: str
    """The generation of the index that the report is about."""
    model: str
    """Fingerprint of the model that made the vectors."""
    created_at: str
    stale: bool
    """Whether the index has moved on since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPhoto(duplicates.Photo):
    """A photo of the index."""

    thumbnail: str | None
    """Address of a picture, relative to this server."""


@dataclass(frozen=True, slots=True)
class DifferingField(PlainJson):
    """A field in which the products of two photos differ."""

    field: str
    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class Compared(PlainJson):
    """What is said of two photos that were compared."""

    in_words: tuple[str, ...]
    """The evidence for people."""
    differs: tuple[DifferingField, ...]
    verdict: Verdict | None
    """What a person decided last of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(duplicates.Member, Compared):
    """A photo of a group, and what it is to the group's first photo, for which tier and evidence are null."""

    photo: ComparedPhoto


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(duplicates.Group):
    """Photos that belong together; all were compared with the first."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPair(duplicates.Pair, Compared):
    """Two photos that are in no group together."""

    first: ComparedPhoto
    second: ComparedPhoto


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder(duplicates.Placeholder):
    """A picture that stands for missing photos of many products."""

    photos: tuple[ComparedPhoto, ...]


@dataclass(frozen=True, slots=True)
class Duplicates(Page):
    """A page of the report of duplicates: groups, then the loose pairs, the placeholders and the blank photos."""

    groups: tuple[Group, ...]
    loose_pairs: tuple[ComparedPair, ...]
    placeholders: tuple[Placeholder, ...]
    """Pictures that many products share; nothing of them is to delete."""
    blank: tuple[ComparedPhoto, ...]
    """Photos that show nothing but one colour, and were compared with nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPhoto(audits.Photo):
    """A photo that was judged."""

    thumbnail: str | None
    """Address of a picture, relative to this server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour(audits.Neighbour):
    """A photo beside it, and how alike the two are."""

    photo: AuditPhoto


@dataclass(frozen=True, slots=True, kw_only=True)
class Mislabel(audits.Mislabel):
    """A product whose category is in doubt."""

    photo: AuditPhoto
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Mislabels(Page):
    """A page of the report of doubtful categories, the most doubtful first."""

    entries: tuple[Mislabel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier(audits.Outlier):
    """A product with a photo that stands out."""

    photo: AuditPhoto
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Outliers(Page):
    """A page of the report of photos that stand out."""

    entries: tuple[Outlier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMember(clusters.Member):
    """A product of a cluster, by its photo that is nearest to the one in the middle, and how alike the two are."""

    photo: AuditPhoto


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(clusters.Cluster):
    """Products that look alike."""

    members: tuple[ClusterMember, ...]


@dataclass(frozen=True, slots=True)
class Clusters(Page):
    """A page of the report of clusters, the largest first."""

    entries: tuple[Cluster, ...]


@dataclass(frozen=True, slots=True)
class CheckMatch(PlainJson):
    """A photo of the index that the photo asked with is a copy, a second photo or a variant of."""

    product_id: str
    photo: str
    """Its path in the catalog."""
    tier: duplicates.Tier
    probability: float
    evidence: duplicates.Evidence
    thumbnail: str | None
    """Address of a picture, relative to this server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(duplicates.DuplicateCheck):
    """Whether a photo is in the catalog already."""

    matches: tuple[CheckMatch, ...]  # type: ignore[assignment]  # of the photo only what tells it apart is sent


@dataclass(frozen=True, slots=True)
class Decisions(PlainJson):
    """The last decision on each pair."""

    decisions: tuple[Decision, ...]
    total: int
    offset: int


def without_paths(document: dict[str, Any]) -> dict[str, Any]:
    """A report for other machines: without the place of the catalog on this one."""
    return {name: value for name, value in document.items() if name != "catalog_root"}
