"""What a search for duplicates gives back: pairs with evidence, groups around a medoid, and counts that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Tier(StrEnum):
    """What two photos are to each other, strictest first; a pair is in one tier at the most."""

    IDENTICAL_FILE = "identical_file"
    """Byte for byte the same file."""
    IDENTICAL_PIXELS = "identical_pixels"
    """Other bytes, but every pixel is the same as it was decoded."""
    EDITED = "edited"
    """The same picture re-encoded, resized, cropped, padded, flipped, slightly recoloured, stamped or cut out."""
    OTHER_PHOTO = "other_photo"
    """Probably the same product, photographed again."""
    VARIANT = "variant"
    """The same design in another metal, stone or size: not a duplicate."""

    @property
    def is_copy(self) -> bool:
        """Whether both show one and the same picture: only then may one of them be deleted."""
        return self in COPIES


COPIES = (Tier.IDENTICAL_FILE, Tier.IDENTICAL_PIXELS, Tier.EDITED)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the index, with what decides which of several copies is kept."""

    id: str
    """Id of its point."""
    product_id: str
    path: str
    """Under the catalog root."""
    sha256: str
    pixel_sha256: str
    phash: str
    width: int
    height: int
    bytes: int
    category: str | None
    mtime_ns: int = 0
    """When its file was last changed."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The catalog's fields; empty where a report holds so many photos that they are read only for members."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "id": self.id,
            "product_id": self.product_id,
            "photo": self.path,
            "sha256": self.sha256,
            "width": self.width,
            "height": self.height,
            "bytes": self.bytes,
            "category": self.category,
            "payload": dict(self.payload),
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two photos are in a tier. What was not measured is None."""

    cosine: float | None = None
    """Of the two embeddings."""
    phash_distance: int | None = None
    """Differing bits of 64."""
    matched_features: int | None = None
    """Local features that agree on one placement of the second photo in the first."""
    transform: tuple[float, float, float, float, float, float] | None = None
    """That placement: the affine matrix, row by row, that takes shares (0..1) of the second photo's width and height
    to shares of the first's, after the flip if there is one."""
    flipped: bool = False
    overlap: float | None = None
    """Share of the first photo that the second covers, 0..1."""
    colour_difference: float | None = None
    """Typical CIELAB distance (ΔE 1976) of the overlapping pixels after alignment."""
    decided_by: str | None = None
    """Who decided, where a person did."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; what was not measured is left out."""
        values = {
            "cosine": self.cosine,
            "phash_distance": self.phash_distance,
            "matched_features": self.matched_features,
            "transform": None if self.transform is None else list(self.transform),
            "flipped": self.flipped or None,
            "overlap": self.overlap,
            "colour_difference": self.colour_difference,
            "decided_by": self.decided_by,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos and what they are to each other."""

    first: Photo
    second: Photo
    tier: Tier
    probability: float
    """Calibrated probability that the tier is right, 0..1; 1 for equal bytes and pixels."""
    evidence: Evidence

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "tier": str(self.tier),
            "probability": self.probability,
            "evidence": self.evidence.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Member:
    """A photo in a group, and what it is to the group's medoid; the medoid itself has neither tier nor evidence."""

    photo: Photo
    tier: Tier | None = None
    probability: float | None = None
    evidence: Evidence | None = None
    keep: bool = False
    """Whether this is the copy to keep: best resolution, then most complete payload, then oldest."""
    delete: bool = False
    """Whether it may be deleted: it is a copy of the one that is kept."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            **self.photo.to_json(),
            "tier": None if self.tier is None else str(self.tier),
            "probability": self.probability,
            "evidence": None if self.evidence is None else self.evidence.to_json(),
            "keep": self.keep,
            "delete": self.delete,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Two photos or more; every member was compared with the first, the medoid, and found to be what its tier says."""

    id: str
    """The same as long as the medoid's photo and the tier are."""
    tier: Tier
    """The loosest of the members' tiers. Copies, other photos and variants never share a group."""
    members: tuple[Member, ...]
    """The medoid first, then by falling probability."""

    @property
    def products(self) -> tuple[str, ...]:
        """The products in it, each once, in the order of the members."""
        return tuple(dict.fromkeys(member.photo.product_id for member in self.members))

    @property
    def crosses_categories(self) -> bool:
        """Whether its photos are filed under several categories."""
        return len({member.photo.category for member in self.members}) > 1

    @property
    def prices_differ(self) -> bool:
        """Whether the shop asks several prices for one product; variants have theirs by right."""
        return (
            self.tier is not Tier.VARIANT
            and len({member.photo.payload.get("price") for member in self.members} - {None}) > 1
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "id": self.id,
            "tier": str(self.tier),
            "products": list(self.products),
            "crosses_categories": self.crosses_categories,
            "prices_differ": self.prices_differ,
            "members": [member.to_json() for member in self.members],
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """Sizes of a report."""

    photos: int
    """Photos that were asked about."""
    candidates: int
    """Pairs of near neighbours that were looked at."""
    verified: int
    """Of these, pairs that were compared closely because a look at the hashes and small pictures left them open."""
    not_verified: int
    """Pairs left open when time ran out, or whose pictures are not at hand."""


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """All groups of a generation, those that cost money first: several categories, then several prices."""

    groups: tuple[Group, ...]
    loose_pairs: tuple[Pair, ...]
    """Pairs that are in a tier but in no group, because one of them is no match for the medoid of the other's group."""
    counts: Counts
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
        """Counts of the report: everything in it can be counted again from groups and loose pairs."""
        members = [member for group in self.groups for member in group.members]
        pairs = [member.tier for member in members if member.tier] + [pair.tier for pair in self.loose_pairs]
        return {
            "photos": self.counts.photos,
            "candidates": self.counts.candidates,
            "verified": self.counts.verified,
            "not_verified": self.counts.not_verified,
            "groups": len(self.groups),
            "groups_by_tier": {str(tier): sum(g.tier is tier for g in self.groups) for tier in Tier},
            "pairs": len(pairs),
            "pairs_by_tier": {str(tier): sum(found is tier for found in pairs) for tier in Tier},
            "loose_pairs": len(self.loose_pairs),
            "photos_in_groups": len({member.photo.id for member in members}),
            "deletable": sum(member.delete for member in members),
            "crossing_categories": sum(group.crosses_categories for group in self.groups),
            "prices_differ": sum(group.prices_differ for group in self.groups),
        }

    def to_json(self) -> dict[str, Any]:
        """One JSON document."""
        return {
            "kind": "duplicates",
            "generation": self.generation,
            "model": self.model,
            "created_at": self.created_at,
            "catalog_root": self.catalog_root,
            "settings": dict(self.settings),
            "summary": self.summary(),
            "groups": [group.to_json() for group in self.groups],
            "loose_pairs": [pair.to_json() for pair in self.loose_pairs],
            "notes": list(self.notes),
            "took_s": round(self.took_s, 2),
        }
