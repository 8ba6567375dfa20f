"""Groups as a report has them: with payloads, the copy to keep, and those that cost money first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from searcher.insights.duplicates.answers import Group, Member, Pair, Photo, Placeholder, Tier
from searcher.insights.duplicates.compare.keep.keeping import Keeper, best_to_keep
from searcher.insights.duplicates.groups.assembling import Drafts
from searcher.insights.duplicates.groups.stars import Found
from searcher.insights.duplicates.pairs.photo_table import PhotoTable


def group_id(tier: Tier, medoid: Photo) -> str:
    """The same as long as the medoid is the same photo of the same product."""
    return hashlib.sha256(f"{tier.is_copy or tier}:{medoid.id}:{medoid.sha256}".encode()).hexdigest()[:12]


def finished(
    drafts: Drafts, table: PhotoTable, photos: Mapping[str, Photo], keeper: Keeper | None = None
) -> tuple[list[Group], list[Pair]]:
    """Groups and loose pairs with payloads, those that cost money first; the keeper says what copies are worth."""

    def photo(row: int) -> Photo:
        return photos[table.photos[row].id]

    groups = [
        _group(photo(medoid), [(photo(row), found) for row, found in members], keeper)
        for medoid, members in drafts.groups
    ]
    pairs = [
        Pair(photo(a), photo(b), found.tier, found.probability, found.evidence)
        for (a, b), found in sorted(drafts.loose.items())
    ]
    return sorted(groups, key=_urgency), pairs


def placeholders_of(drafts: Drafts, table: PhotoTable, photos: Mapping[str, Photo]) -> tuple[Placeholder, ...]:
    """Pictures that stand for missing photos, those of most products first."""
    made = []
    for rows in drafts.placeholders:
        shown = in_order(photos[table.photos[row].id] for row in rows)
        made.append(Placeholder(group_id(Tier.IDENTICAL_FILE, shown[0]), shown))
    return tuple(sorted(made, key=lambda one: (-len(one.products), one.id)))


def in_order(photos: Iterable[Photo]) -> tuple[Photo, ...]:
    """Photos as a person lists them: by product, then by path."""
    return tuple(sorted(photos, key=lambda photo: (photo.product_id, photo.path, photo.id)))


def _urgency(group: Group) -> tuple[bool, bool, int, float, str]:
    copies = group.tier.is_copy
    best = max(member.probability or 0.0 for member in group.members)
    order = list(Tier).index(group.tier)
    return not (copies and group.crosses_categories), not (copies and group.prices_differ), order, -best, group.id


def _group(medoid: Photo, members: Sequence[tuple[Photo, Found]], keeper: Keeper | None) -> Group:
    tier = max((found.tier for _, found in members), key=list(Tier).index)
    keep = None
    if tier.is_copy:
        worths = keeper(medoid, [(photo, found.evidence) for photo, found in members]) if keeper else None
        keep = best_to_keep([medoid, *(photo for photo, _ in members)], worths)

    def deletable(photo: Photo) -> bool:
        """Two products may show one file: that of the photo that is kept is never deleted."""
        return keep is not None and photo is not keep and photo.path != keep.path

    made = [Member(medoid, keep=medoid is keep, delete=deletable(medoid))]
    for photo, found in members:
        kept, delete = photo is keep, deletable(photo)
        made.append(Member(photo, found.tier, found.probability, found.evidence, keep=kept, delete=delete))
    return Group(group_id(tier, medoid), tier, tuple(made))
