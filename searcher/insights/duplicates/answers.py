"""What a search for duplicates gives back: pairs with evidence, groups around a medoid, and counts that add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, computed_field

from indexer.system.plain_json import HIDDEN, LEFT_OUT, PlainJson, rounded
from indexer.system.text import printable
from searcher.insights.duplicates.wording import COLUMNS, evidence_in_words
from searcher.insights.report import Report


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
class Photo(PlainJson):
    """One photo of the index, with what decides which of several copies is kept."""

    id: str
    """Id of its point."""
    product_id: str
    path: Annotated[str, Field(alias="photo")]
    """Under the catalog root."""
    sha256: str
    pixel_sha256: Annotated[str, HIDDEN]
    phash: Annotated[str, HIDDEN]
    width: int
    height: int
    bytes: int
    category: str | None
    mtime_ns: Annotated[int, HIDDEN] = 0
    """When its file was last changed."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """The catalog's fields; empty where a report holds so many photos that they are read only for members."""


@dataclass(frozen=True, slots=True)
class Evidence(PlainJson):
    """Why two photos are in a tier. What was not measured is None."""

    cosine: Annotated[float | None, LEFT_OUT] = None
    """Of the two embeddings."""
    phash_distance: Annotated[int | None, LEFT_OUT] = None
    """Differing bits of 64."""
    matched_features: Annotated[int | None, LEFT_OUT] = None
    """Local features that agree on one placement of the second photo in the first."""
    transform: Annotated[tuple[float, ...] | None, LEFT_OUT] = None
    """That placement: the affine matrix, row by row, that takes shares (0..1) of the second photo's width and height
    to shares of the first's, after the flip if there is one."""
    flipped: Annotated[bool, LEFT_OUT] = False
    turned: Annotated[int | None, LEFT_OUT] = None
    """Degrees by which the second photo has to be turned to lie like the first, against the clock and after the flip:
    90, 180 or 270. The placement has the turn within."""
    overlap: Annotated[float | None, LEFT_OUT] = None
    """Share of the first photo that the second covers, 0..1."""
    colour_difference: Annotated[float | None, LEFT_OUT] = None
    """Typical CIELAB distance (ΔE 1976) of the overlapping pixels after alignment."""
    decided_by: Annotated[str | None, LEFT_OUT] = None
    """Who decided, where a person did."""


@dataclass(frozen=True, slots=True)
class Pair(PlainJson):
    """Two photos and what they are to each other."""

    first: Photo
    second: Photo
    tier: Tier
    probability: float
    """Calibrated probability that the tier is right, 0..1; 1 for equal bytes and pixels."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Member(PlainJson):
    """A photo in a group, and what it is to the group's medoid; the medoid itself has neither tier nor evidence."""

    FLAT = "photo"

    photo: Photo
    tier: Tier | None = None
    probability: float | None = None
    evidence: Evidence | None = None
    keep: bool = False
    """Whether this is the copy to keep: best resolution, then most complete payload, then oldest."""
    delete: bool = False
    """Whether it may be deleted: it is a copy of the one that is kept."""


@dataclass(frozen=True, slots=True)
class Group(PlainJson):
    """Two photos or more; every member was compared with the first, the medoid, and found to be what its tier says."""

    id: str
    """The same as long as the medoid's photo and the tier are."""
    tier: Tier
    """The loosest of the members' tiers. Copies, other photos and variants never share a group."""
    members: tuple[Member, ...]
    """The medoid first, then by falling probability."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def products(self) -> tuple[str, ...]:
        """The products in it, each once, in the order of the members."""
        return tuple(dict.fromkeys(member.photo.product_id for member in self.members))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def crosses_categories(self) -> bool:
        """Whether its photos are filed under several categories."""
        return len({member.photo.category for member in self.members}) > 1

    @computed_field  # type: ignore[prop-decorator]
    @property
    def prices_differ(self) -> bool:
        """Whether the shop asks several prices for one product; variants have theirs by right."""
        return prices_differ(self.tier, (member.photo.payload for member in self.members))


@dataclass(frozen=True, slots=True)
class Placeholder(PlainJson):
    """A picture that stands for missing photos: many products of different kinds share it. Nothing of it is deleted."""

    id: str
    """The same as long as the first photo is."""
    photos: tuple[Photo, ...]
    """All that show it."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def products(self) -> tuple[str, ...]:
        """The products that have it, each once, in the order of the photos."""
        return tuple(dict.fromkeys(photo.product_id for photo in self.photos))


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
class DuplicateReport(Report):
    """All groups of a generation, those that cost money first: several categories, then several prices."""

    KIND = "duplicates"
    COLUMNS = COLUMNS

    groups: tuple[Group, ...]
    loose_pairs: tuple[Pair, ...]
    """Pairs that are in a tier but in no group, as one of them does not match the medoid of the other's group."""
    counts: Counts
    placeholders: tuple[Placeholder, ...] = ()
    """Pictures that stand for missing photos, those of most products first; their photos are in no group."""
    blank: tuple[Photo, ...] = ()
    """Photos that show nothing but one colour: they were compared with nothing."""

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
            "placeholders": len(self.placeholders),
            "photos_of_placeholders": sum(len(one.photos) for one in self.placeholders),
            "blank": len(self.blank),
        }

    def lists(self) -> dict[str, Sequence[PlainJson]]:
        """See `Report.lists`."""
        return {
            "groups": self.groups,
            "loose_pairs": self.loose_pairs,
            "placeholders": self.placeholders,
            "blank": self.blank,
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row per photo that the report lists, for CSV."""
        return _rows(self)


@dataclass(frozen=True, slots=True)
class CheckMatch(PlainJson):
    """A photo of the index and what it is to the new one."""

    FLAT = "photo"

    photo: Photo
    tier: Tier
    probability: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DuplicateCheck(PlainJson):
    """What the index has of a new photo's product: the strictest matches first; none, and it is new."""

    photo: str
    """What the new photo is called."""
    matches: tuple[CheckMatch, ...]
    nearest: str | None
    """The product that looks most alike, whether it matches or not."""
    not_verified: int
    """Neighbours that look related and were not compared: others are likelier copies, or there is no picture."""
    generation: str
    model: str
    took_ms: Annotated[float, rounded(1)]
    blank: Annotated[bool, LEFT_OUT] = False
    """Whether the photo shows nothing but one colour: then it was compared with nothing."""
    placeholder: Annotated[bool, LEFT_OUT] = False
    """Whether its picture stands for missing photos of many products: then it is no duplicate of theirs."""

    @computed_field(alias="duplicate")  # type: ignore[prop-decorator]
    @property
    def is_duplicate(self) -> bool:
        """Whether the index holds the same picture, as that of a product."""
        return not self.placeholder and any(match.tier.is_copy for match in self.matches)


def prices_differ(tier: str, payloads: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the shop asks several prices for one product; variants have theirs by right."""
    return tier != Tier.VARIANT and len({payload.get("price") for payload in payloads} - {None}) > 1


def _rows(report: DuplicateReport) -> Iterator[dict[str, Any]]:
    """One flat row per photo that the report lists, with `COLUMNS`."""
    for group in report.groups:
        about = {
            "entry": "group",
            "group": group.id,
            "group_tier": group.tier,
            "crosses_categories": group.crosses_categories,
            "prices_differ": group.prices_differ,
        }
        for member in group.members:
            role = "delete" if member.delete else "keep" if member.keep else "-"
            yield {**about, **_photo(member.photo), **_found(member), "role": role}
    for number, pair in enumerate(report.loose_pairs, start=1):
        about = {"entry": "pair", "group": f"pair {number}", "group_tier": pair.tier, "role": "-"}
        yield {**about, **_photo(pair.first)}
        yield {**about, **_photo(pair.second), **_found(pair)}
    for shared in report.placeholders:
        for photo in shared.photos:
            yield {"entry": "placeholder", "group": shared.id, "role": "-", **_photo(photo)}
    for photo in report.blank:
        yield {"entry": "blank", "role": "-", **_photo(photo)}


def _photo(photo: Photo) -> dict[str, Any]:
    return {**photo.to_json(), **{name: photo.payload.get(name) for name in ("title", "price", "currency")}}


def _found(compared: Member | Pair) -> dict[str, Any]:
    """What a member or a pair was found to be."""
    evidence = {} if compared.evidence is None else compared.evidence.to_json()
    reasons = printable("; ".join(evidence_in_words(evidence)))
    return {"tier": compared.tier, "probability": compared.probability, **evidence, "reasons": reasons}
