"""Compares a catalog with the published generation: what is new, changed, moved, updated, unchanged, kept, gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from indexer.catalog.photo_paths import cannot_be_read, find_photo
from indexer.catalog.products import Catalog, Product, ProductImage, Reject, Withheld
from indexer.errors import ImageError
from indexer.fields.identity import point_id
from indexer.fields.types import Payload
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import read_bytes
from indexer.store.records import Point
from indexer.sync.kept_fields import Keeper
from indexer.sync.names import find_renamed, id_of, path_of, steady
from indexer.sync.payload import catalog_fields, catalog_part
from indexer.sync.photo import Wanted
from indexer.sync.report import Renamed
from indexer.system.names import composed
from indexer.system.progress import EVERY, Progress


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
    """Unchanged."""
    left_alone: list[Point] = field(default_factory=list)
    """Points of photos that the catalog still has and that cannot be used now, be it for a typo in their row."""
    read_again: int = 0
    """Of those to embed, the ones whose files are as they were: see `indexer.sync.read_again`."""
    rewritten: list[tuple[Point, Payload]] = field(default_factory=list)
    """Those of them whose product's rows say something else than the index."""
    gone: list[str] = field(default_factory=list)
    removed: list[Point] = field(default_factory=list)
    """What is gone altogether: what moved is gone from where it was, and yet in the index."""
    stored: dict[str | None, int] = field(default_factory=dict)
    """Photos in the index by category."""
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
            "unchanged": len(self.still),
            "gone": len(self.gone),
            "kept": len(self.left_alone),
        }


def make_plan(
    catalog: Catalog,
    stored: Iterable[Point],
    *,
    workers: int = 1,
    check_content: bool = False,
    anew: bool = False,
    progress: Progress | None = None,
) -> SyncPlan:
    """Plan a sync of ``catalog`` over the points of the published generation (payload needed, vectors not).

    A photo with the size and time it was indexed with is taken as unchanged without being read, unless
    ``check_content`` is set; otherwise its content hash decides. After the tutorial *Incremental Embedding Updates* in
    Qdrant's documentation. With ``anew``, nothing in the index can be used again: all photos are new, and what could be
    kept otherwise is removed.
    """
    plan = SyncPlan(rejects=list(catalog.rejects))
    points = {point.id: point for point in plan.keeper.without(stored)}
    catalog = steady(catalog, points.values())
    comparison = _Comparison(catalog, points, plan, _Hashing(workers, progress), check_content)
    plan = comparison.compare()
    if (end := catalog.open_end) is not None:
        keys = {composed(key) for key in end.keys}
        plan.before = [p for p in points.values() if path_of(p) in keys or p.payload["product_id"] == end.product_id]
    return comparison.anew() if anew else plan


class _Comparison:
    """One catalog against one generation."""

    def __init__(
        self, catalog: Catalog, points: dict[str, Point], plan: SyncPlan, hashing: _Hashing, check_content: bool
    ) -> None:
        self._catalog, self._points, self._plan = catalog, points, plan
        self._hashing, self._check = hashing, check_content
        self._by_path = {path_of(point): point for point in points.values()}
        self._withheld = list(catalog.withheld)
        self._wanted = list(self._seen())
        self._fresh: list[Wanted] = []
        for point in points.values():
            category = point.payload.get("category")
            plan.stored[category] = plan.stored.get(category, 0) + 1

    def compare(self) -> SyncPlan:
        """Fill the plan."""
        plan, left = self._plan, dict(self._points)
        suspects: list[tuple[Wanted, Point]] = []
        for wanted in self._wanted:
            point = left.pop(wanted.id, None)
            if point is None:
                self._fresh.append(wanted)
            elif self._check or not _same_file(wanted, point):
                suspects.append((wanted, point))
            else:
                self._place(wanted, point)
        self._judge(suspects)
        unseen = self._new_and_unseen()
        leaving = self._leaving(left, {composed(wanted.image.key) for wanted in [*self._fresh, *unseen]})
        self._find_moves(unseen, leaving)
        plan.gone = sorted(leaving)
        self._account(leaving, {composed(wanted.image.key) for wanted in [*self._fresh, *unseen]})
        return plan

    def anew(self) -> SyncPlan:
        """The plan of a sync that embeds every photo."""
        old = self._plan
        new = SyncPlan(self._wanted, rejects=old.rejects, keeper=old.keeper, renamed=old.renamed)
        new.removed = sorted([*old.removed, *old.left_alone], key=lambda point: (id_of(point), path_of(point)))
        new.stored, new.before = old.stored, old.before
        return new

    def _seen(self) -> Iterator[Wanted]:
        """What is wanted of the photos that are there; one that cannot be looked at is no photo that is gone."""
        for product in self._catalog.products:
            for image in product.images:
                try:
                    stat = image.path.stat()
                except OSError as error:
                    self._plan.rejects.append(Reject(image.key, cannot_be_read(error), product.id))
                    if not isinstance(error, FileNotFoundError):
                        self._withheld.append(Withheld(image.key, product.id, replace(product, images=(image,))))
                else:
                    yield _wanted(product, image, stat.st_size, stat.st_mtime_ns)

    def _place(self, wanted: Wanted, point: Point) -> None:
        """A photo whose pixels are those in the index: is anything else said of it?"""
        same = catalog_part(point.payload) == wanted.payload and point.payload["photo"]["rank"] == wanted.image.rank
        if same and _same_file(wanted, point):
            self._plan.still.append((wanted, point))
        else:
            self._plan.updated.append((wanted, point))

    def _judge(self, suspects: list[tuple[Wanted, Point]]) -> None:
        hashes = self._hashing.of([wanted.image.path for wanted, _ in suspects])
        for (wanted, point), digest in zip(suspects, hashes, strict=True):
            if digest == point.payload["photo"]["sha256"]:
                self._place(wanted, point)
            else:
                self._plan.changed.append((wanted, point))

    def _new_and_unseen(self) -> list[Wanted]:
        """Photos that the catalog has under another name than the index, and that cannot be read now."""
        found = []
        for told in (one.told for one in self._withheld if one.told):
            image, source = told.images[0], self._by_path.get(composed(told.images[0].key))
            if source is not None and point_id(told.id, image.key) not in self._points:
                found.append(
                    _wanted(told, image, source.payload["photo"]["bytes"], source.payload["photo"]["mtime_ns"])
                )
        return found

    def _leaving(self, left: dict[str, Point], taken: set[str]) -> dict[str, Point]:
        """What the catalog no longer has, without what it still has though it cannot be used this time.

        A point stays only if the catalog speaks of that very photo (a bad row that names it, a folder that cannot be
        looked into), and not where another product has got it meanwhile. Its fields are those of the good rows.
        """
        withheld = defaultdict(list)
        for one in self._withheld:
            withheld[composed(one.key)].append(one)
        products = {composed(one.told.id): one.told for one in self._withheld if one.told}
        products |= {composed(product.id): product for product in self._catalog.products}
        leaving = {}
        for identifier, point in left.items():
            path, product_id = path_of(point), id_of(point)
            reasons = [
                one
                for place in (path, *(parent.as_posix() for parent in PurePosixPath(path).parents))
                for one in withheld.get(place, ())
                if one.product_id is None or composed(one.product_id) == composed(product_id)
            ]
            told = next((one.told for one in reasons if one.told), None)
            if path in taken or not reasons or (told is None and self._is_absent(point)):
                leaving[identifier] = point
                continue
            self._plan.left_alone.append(point)
            told = told or products.get(composed(product_id))
            said = None if told is None else catalog_fields(told, told.images[0]) | {"product_id": product_id}
            if said is not None and said != catalog_part(point.payload):
                self._plan.rewritten.append((point, said))
        return leaving

    def _is_absent(self, point: Point) -> bool:
        """Whether a photo is certainly no longer there, in whatever normal form its name is written."""
        names = {point.payload["photo"]["path"], *(normalize(form, path_of(point)) for form in ("NFC", "NFD"))}
        for name in names:
            try:
                find_photo(self._catalog.root, name)
            except (OSError, ValueError):
                continue
            return False
        return True

    def _find_moves(self, unseen: list[Wanted], leaving: dict[str, Point]) -> None:
        """A photo that is in the index under another name keeps its vector; files are read only if any has left."""
        plan, unknown = self._plan, []
        hidden = {wanted.id for wanted in unseen}
        for wanted in [*self._fresh, *unseen]:
            source = self._by_path.get(composed(wanted.image.key))
            if source is None or not _same_file(wanted, source) or (self._check and wanted.id not in hidden):
                unknown.append(wanted)
            else:
                (plan.moved if source.id in leaving else plan.copied).append((wanted, source))
        by_content = defaultdict(list)
        for point in leaving.values():
            by_content[point.payload["photo"]["sha256"]].append(point)
        hashes = self._hashing.of([wanted.image.path for wanted in unknown]) if by_content else [None] * len(unknown)
        for wanted, digest in zip(unknown, hashes, strict=True):
            if digest is None or digest not in by_content:
                plan.new.append(wanted)
            else:
                plan.moved.append((wanted, _likeliest(wanted, by_content[digest])))

    def _account(self, leaving: dict[str, Point], taken: set[str]) -> None:
        """What is gone altogether, and which products have another id now."""
        plan = self._plan
        sources = {source.id for _, source in plan.moved}
        removed = [point for point in leaving.values() if point.id not in sources and path_of(point) not in taken]
        plan.removed = sorted(removed, key=lambda point: (id_of(point), path_of(point)))
        by_path = {composed(wanted.image.key): wanted for wanted in self._fresh}
        pairs = [(source, wanted) for wanted, source in plan.moved]
        pairs += [(p, by_path[path_of(p)]) for p in leaving.values() if p.id not in sources and path_of(p) in by_path]
        plan.renamed = find_renamed(pairs, self._catalog, self._points.values(), plan.left_alone)
        told_of = plan.keeper.rename({one.before: one.after for one in plan.renamed})
        plan.updated += [(wanted, point) for wanted, point in plan.still if wanted.product_id in told_of]
        plan.still = [(wanted, point) for wanted, point in plan.still if wanted.product_id not in told_of]
        rewritten = {point.id for point, _ in plan.rewritten}
        plan.rewritten += [
            (point, catalog_part(point.payload))
            for point in plan.left_alone
            if point.payload["product_id"] in told_of and point.id not in rewritten
        ]


def _wanted(product: Product, image: ProductImage, size: int, mtime_ns: int) -> Wanted:
    payload = catalog_fields(product, image)
    return Wanted(point_id(product.id, image.key), product.id, image, payload, size, mtime_ns)


def _likeliest(wanted: Wanted, points: list[Point]) -> Point:
    """Of points with one content, that which most likely became this photo; it is taken out unless it is the last."""
    name = PurePosixPath(composed(wanted.image.key)).name
    best = max(points, key=lambda p: (id_of(p) == wanted.product_id, PurePosixPath(path_of(p)).name == name))
    if len(points) > 1:
        points.remove(best)
    return best


def _same_file(wanted: Wanted, point: Point) -> bool:
    photo = point.payload["photo"]
    return bool((photo["bytes"], photo["mtime_ns"]) == (wanted.size, wanted.mtime_ns))


class _Hashing:
    """Takes the content hashes of files on several cores, and says how far it is."""

    def __init__(self, workers: int, progress: Progress | None) -> None:
        self._workers, self._progress = max(1, workers), progress

    def of(self, paths: list[Path]) -> list[str | None]:
        """Each file's content hash; None where it cannot be read, which the embedding stage will report."""
        hashes = []
        with ThreadPoolExecutor(self._workers) as pool:
            for digest in pool.map(_hash, paths):
                hashes.append(digest)
                if self._progress and len(hashes) % EVERY == 0:
                    self._progress("Comparing", len(hashes), len(paths))
        return hashes


def _hash(path: Path) -> str | None:
    try:
        return sha256(read_bytes(path))
    except ImageError:
        return None
