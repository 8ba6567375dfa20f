"""Compares a catalog with the published generation: what is new, changed, moved, updated, unchanged, gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.catalog.products import Catalog, Reject
from indexer.errors import ImageError
from indexer.fields.identity import point_id
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import read_bytes
from indexer.photos.reading import READING, read_otherwise
from indexer.store.records import Point
from indexer.sync.kept_fields import Keeper
from indexer.sync.payload import catalog_fields, catalog_part
from indexer.sync.photo import Wanted


@dataclass(slots=True)
class SyncPlan:
    """The difference, in the order it is applied; only ``new`` and ``changed`` need the model."""

    new: list[Wanted] = field(default_factory=list)
    changed: list[Wanted] = field(default_factory=list)
    moved: list[tuple[Wanted, Point]] = field(default_factory=list)
    """The same bytes as a photo that is gone: its vector is used again."""
    updated: list[tuple[Wanted, Point]] = field(default_factory=list)
    """Same photo, other payload: a new price, or a file that was only touched."""
    unchanged: int = 0
    gone: list[str] = field(default_factory=list)
    kept: int = 0
    """Points of rejected rows, left as they were: a typo in a price must not take a product off the site."""
    read_again: int = 0
    """Those of the changed whose files may be as they were: their pixels are made from them in another way now."""
    rejects: list[Reject] = field(default_factory=list)
    keeper: Keeper = field(default_factory=Keeper)
    """What others than the catalog wrote of the products: no part of the comparison, written again with every photo."""

    @property
    def to_embed(self) -> list[Wanted]:
        """Photos that have to go through the model."""
        return [*self.new, *self.changed]

    @property
    def is_empty(self) -> bool:
        """Whether the index already is what the catalog asks for."""
        return not (self.new or self.changed or self.moved or self.updated or self.gone)

    def counts(self) -> dict[str, int]:
        """How many photos each case has."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "moved": len(self.moved),
            "updated": len(self.updated),
            "unchanged": self.unchanged,
            "gone": len(self.gone),
            "kept": self.kept,
        }


def make_plan(catalog: Catalog, stored: Iterable[Point], *, reading: int = READING, workers: int = 1) -> SyncPlan:
    """Plan a sync of ``catalog`` over the points of the published generation (payload needed, vectors not).

    A photo with the size and time it was indexed with is taken as unchanged without being read; otherwise
    its content hash decides. After the tutorial *Incremental Embedding Updates* in Qdrant's documentation.
    Where the generation is by an earlier ``reading`` of photos, those whose pixels differ by it are changed too.
    """
    plan = SyncPlan(rejects=list(catalog.rejects))
    points = {point.id: point for point in plan.keeper.without(stored)}
    suspects: list[tuple[Wanted, Point]] = []
    fresh: list[Wanted] = []
    everything = list(_wanted(catalog, plan.rejects))
    otherwise = _read_otherwise(everything if points else [], reading, workers)
    for wanted in everything:
        point = points.pop(wanted.id, None)
        if point is None:
            fresh.append(wanted)
        elif wanted.id in otherwise:
            plan.changed.append(wanted)
            plan.read_again += 1
        elif (point.payload["photo"]["bytes"], point.payload["photo"]["mtime_ns"]) != (wanted.size, wanted.mtime_ns):
            suspects.append((wanted, point))
        elif catalog_part(point.payload) != wanted.payload or point.payload["photo"]["rank"] != wanted.image.rank:
            plan.updated.append((wanted, point))
        else:
            plan.unchanged += 1
    leaving = _leaving(points, catalog, plan)
    _judge_suspects(suspects, plan, workers)
    _find_moves(fresh, leaving, plan, otherwise, workers)
    plan.gone = sorted(leaving)
    return plan


def _wanted(catalog: Catalog, rejects: list[Reject]) -> Iterator[Wanted]:
    for product in catalog.products:
        for image in product.images:
            payload = catalog_fields(product, image)
            try:
                stat = image.path.stat()
            except OSError as error:
                rejects.append(Reject(image.key, f"cannot be read ({error.strerror})", product.id))
                continue
            yield Wanted(point_id(product.id, image.key), product.id, image, payload, stat.st_size, stat.st_mtime_ns)


def _read_otherwise(wanted: list[Wanted], reading: int, workers: int) -> set[str]:
    """The ids of photos whose vectors, where there are any, are of pixels that would be others now."""
    judged = read_otherwise([one.image.path for one in wanted], reading, workers=workers)
    return {one.id for one, differs in zip(wanted, judged, strict=True) if differs}


def _leaving(points: dict[str, Point], catalog: Catalog, plan: SyncPlan) -> dict[str, Point]:
    """Points the catalog no longer names, without those whose row was merely rejected this time."""
    rejected = {reject.product_id for reject in plan.rejects if reject.product_id}
    leaving = {}
    for identifier, point in points.items():
        if point.payload["product_id"] in rejected and (catalog.root / point.payload["photo"]["path"]).is_file():
            plan.kept += 1
        else:
            leaving[identifier] = point
    return leaving


def _judge_suspects(suspects: list[tuple[Wanted, Point]], plan: SyncPlan, workers: int) -> None:
    hashes = _hash_all([wanted.image.path for wanted, _ in suspects], workers)
    for (wanted, point), digest in zip(suspects, hashes, strict=True):
        same = digest == point.payload["photo"]["sha256"]
        if same:
            plan.updated.append((wanted, point))
        else:
            plan.changed.append(wanted)


def _find_moves(
    fresh: list[Wanted], leaving: dict[str, Point], plan: SyncPlan, otherwise: set[str], workers: int
) -> None:
    """A photo that left under one name and came back under another keeps its vector; reads files only if any left."""
    if not leaving:
        plan.new.extend(fresh)
        return
    by_content: dict[Any, Point] = {point.payload["photo"]["sha256"]: point for point in leaving.values()}
    hashes = _hash_all([wanted.image.path for wanted in fresh], workers)
    for wanted, digest in zip(fresh, hashes, strict=True):
        source = by_content.get(digest)
        if source is None or wanted.id in otherwise:
            plan.new.append(wanted)
        else:
            plan.moved.append((wanted, source))


def _hash_all(paths: list[Path], workers: int) -> list[str | None]:
    with ThreadPoolExecutor(max(1, workers)) as pool:
        return list(pool.map(_hash, paths))


def _hash(path: Path) -> str | None:
    """A file's content hash; None where it cannot be read, which the embedding stage will report."""
    try:
        return sha256(read_bytes(path))
    except ImageError:
        return None
