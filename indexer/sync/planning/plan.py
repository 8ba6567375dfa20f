"""What a sync is going to do with every photo: new, changed, moved, updated, unchanged, kept, gone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from indexer.catalog.products import Reject
from indexer.fields.types import Payload
from indexer.store.records import Point
from indexer.sync.kept_fields import Keeper
from indexer.sync.payload import catalog_part
from indexer.sync.photo import Wanted
from indexer.sync.report import Renamed


@dataclass(slots=True)
class SyncPlan:
    """The difference, in the order it is applied; only ``new`` and ``changed`` need the model."""

    new: list[Wanted] = field(default_factory=list)
    changed: list[tuple[Wanted, Point]] = field(default_factory=list)
    moved: list[tuple[Wanted, Point]] = field(default_factory=list)
    """The same bytes as a photo that is gone: its vector is used again."""
    copied: list[tuple[Wanted, Point]] = field(default_factory=list)
    """New as a point, but a photo that another product has in the index already: its vector is used too."""
    updated: list[tuple[Wanted, Point]] = field(default_factory=list)
    """Same photo, other payload: a new price, or a file that was only touched."""
    still: list[tuple[Wanted, Point]] = field(default_factory=list)
    """Unchanged, and compared photo by photo."""
    aside: int = 0
    """How many more photos are unchanged: those that were put aside."""
    categories: set[str] = field(default_factory=set)
    """Theirs."""
    left_alone: list[Point] = field(default_factory=list)
    """Points of photos that the catalog still has and that cannot be used now, be it for a typo in their row."""
    rewritten: list[tuple[Point, Payload]] = field(default_factory=list)
    """Those of them whose product's rows say something else than the index, and what they say."""
    read_again: int = 0
    """Of those to embed, the ones whose files are as they were: see `indexer.sync.planning.read_again`."""
    gone: list[str] = field(default_factory=list)
    removed: list[Point] = field(default_factory=list)
    """What is gone altogether: what moved is gone from where it was, and yet in the index."""
    stored: dict[str | None, int] = field(default_factory=dict)
    """Photos in the index by category."""
    outside: frozenset[str] = frozenset()
    """The ids of points that are outside the sync's scope, and stay as they are."""
    before: list[Point] = field(default_factory=list)
    """What the index has of the product and the photos of a last row that may be cut, see `OpenEnd`."""
    renamed: list[Renamed] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    keeper: Keeper = field(default_factory=Keeper)
    """What others than the catalog wrote of the products: no part of the comparison, written again with every photo."""

    @property
    def to_embed(self) -> list[Wanted]:
        """Photos that have to go through the model."""
        return [*self.new, *(wanted for wanted, _ in self.changed)]

    @property
    def writes(self) -> bool:
        """Whether something is to be written whatever becomes of the photos that have to be embedded."""
        return bool(self.moved or self.copied or self.updated or self.rewritten or self.gone)

    def without(self, failed: Collection[str]) -> dict[str, int]:
        """The counts, now that these photos (by id) turned out unusable: what the index has of them is kept.

        Their rows are good: fields and order are written, and what was measured of the photo is left as it was.
        """
        counts = self.counts()
        counts["new"] -= sum(wanted.id in failed for wanted in self.new)
        for wanted, point in self.changed:
            if wanted.id in failed:
                counts["changed"] -= 1
                counts["kept"] += 1
                photo = {**point.payload["photo"], "rank": wanted.image.rank}
                if wanted.payload != catalog_part(point.payload) or photo != point.payload["photo"]:
                    as_ordered = replace(point, payload={**point.payload, "photo": photo})
                    self.rewritten.append((as_ordered, wanted.payload))
        return counts

    def counts(self) -> dict[str, int]:
        """How many photos each case has."""
        return {
            "new": len(self.new) + len(self.copied),
            "changed": len(self.changed),
            "moved": len(self.moved),
            "updated": len(self.updated),
            "unchanged": len(self.still) + self.aside,
            "gone": len(self.gone),
            "kept": len(self.left_alone),
        }
