"""Compares a catalog with the published generation, photo by photo, and makes a plan of what is to be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from indexer.catalog.named.paths import find_photo
from indexer.catalog.products import Catalog, Product, ProductImage, Withheld
from indexer.fields.identity import point_id
from indexer.photos.fetch.many.sources import PhotoSources, scheme_of
from indexer.photos.places import Seen
from indexer.store.records import Point
from indexer.sync.payload import catalog_fields, catalog_part
from indexer.sync.photo import Wanted
from indexer.sync.planning.aside import Aside
from indexer.sync.planning.contents import Hashing, Sources
from indexer.sync.planning.names import find_renamed, id_of, path_of, steady
from indexer.sync.planning.plan import SyncPlan
from indexer.sync.planning.scope import Scope
from indexer.sync.planning.unseen import Unseeable, look_at_remote
from indexer.system.names import composed, decomposed
from indexer.system.progress import Progress


def make_plan(
    catalog: Catalog,
    stored: Iterable[Point],
    *,
    workers: int = 1,
    check_content: bool = False,
    anew: bool = False,
    progress: Progress | None = None,
    scope: Scope | None = None,
    sources: PhotoSources | None = None,
    aside: Aside | None = None,
) -> SyncPlan:
    """Plan a sync of ``catalog`` over the points of the published generation (payload needed, vectors not).

    A photo with the size and time it was indexed with is taken as unchanged without being read, unless
    ``check_content`` is set; otherwise its content hash decides. After the tutorial *Incremental Embedding Updates* in
    Qdrant's documentation. With ``anew``, nothing in the index can be used again: all photos are new, and what could be
    kept otherwise is removed. With ``aside``, ``stored`` are the points that are not put aside. With a ``scope``,
    points outside stay as they are.
    """
    plan = SyncPlan(rejects=list(catalog.rejects))
    points = {point.id: point for point in plan.keeper.without(stored)}
    elsewhere: list[Point] = []
    if aside is not None:
        elsewhere = list(plan.keeper.without(aside.elsewhere))
        plan.keeper.has_seen(aside.ledger.kept_fields())
        plan.aside, plan.stored, plan.categories = aside.photos, aside.stored(), aside.categories()
    catalog = steady(catalog, points.values())
    if sources is not None:
        of_scope = catalog if scope is None else scope.within(catalog, points)
        look_at_remote(of_scope, {path_of(point) for point in points.values()}, sources, progress)
    put = frozenset[str]() if aside is None else aside.products
    comparison = _Comparison(catalog, points, plan, Hashing(workers, progress), check_content, scope, elsewhere, put)
    plan = comparison.compare()
    if (end := catalog.open_end) is not None:
        keys = {composed(key) for key in end.keys}
        every = [*points.values(), *elsewhere]
        plan.before = [p for p in every if path_of(p) in keys or p.payload["product_id"] == end.product_id]
    return comparison.anew() if anew else plan


class _Comparison:
    """One catalog against one generation."""

    def __init__(
        self,
        catalog: Catalog,
        points: dict[str, Point],
        plan: SyncPlan,
        hashing: Hashing,
        check_content: bool,
        scope: Scope | None,
        elsewhere: Sequence[Point] = (),
        put_aside: Collection[str] = (),
    ) -> None:
        self._catalog, self._points, self._plan, self._scope = catalog, points, plan, scope
        plan.outside = frozenset() if scope is None else scope.outside(points.values())
        self._hashing, self._check = hashing, check_content
        self._put_aside = put_aside
        every = sorted([*points.values(), *elsewhere], key=lambda point: point.id) if elsewhere else points.values()
        self._by_path = {path_of(point): point for point in every}
        self._withheld = list(catalog.withheld)
        self._wanted = list(self._seen())
        plan.outside -= {wanted.id for wanted in self._wanted}
        self._fresh: list[Wanted] = []
        for point in () if plan.stored else points.values():
            category = point.payload.get("category")
            plan.stored[category] = plan.stored.get(category, 0) + 1

    def compare(self) -> SyncPlan:
        """Fill the plan."""
        plan = self._plan
        left = {identifier: point for identifier, point in self._points.items() if identifier not in plan.outside}
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
        taken = {composed(wanted.image.key) for wanted in [*self._fresh, *unseen]}
        leaving = self._leaving(left, taken)
        self._find_moves(unseen, leaving)
        plan.gone = sorted(leaving)
        self._account(leaving, taken)
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
        unseen = Unseeable()
        for product in self._catalog.products:
            if product.id in self._put_aside:
                continue
            for image in product.images:
                if self._scope is not None and not self._takes_part(self._scope, product, image):
                    continue
                if image.elsewhere is not None and composed(image.key) not in self._by_path:
                    yield _wanted(product, image, None)  # it is going to be fetched: to ask before is to ask twice
                    continue
                try:
                    seen = image.place.look()
                except OSError as error:
                    unseen.add(product, image, error)
                    if not isinstance(error, FileNotFoundError):
                        self._withheld.append(Withheld(image.key, product.id, replace(product, images=(image,))))
                else:
                    yield _wanted(product, image, seen)
        self._plan.rejects += unseen.rejects()

    def _takes_part(self, scope: Scope, product: Product, image: ProductImage) -> bool:
        """Whether a photo is in the scope by the catalog or by the index."""
        identifier = point_id(product.id, image.key)
        inside = identifier in self._points and identifier not in self._plan.outside
        return inside or scope.has(product, image)

    def _place(self, wanted: Wanted, point: Point) -> None:
        """A photo whose pixels are those in the index: is anything else said of it?"""
        same = catalog_part(point.payload) == wanted.payload and point.payload["photo"]["rank"] == wanted.image.rank
        if same and _same_file(wanted, point):
            self._plan.still.append((wanted, point))
        else:
            self._plan.updated.append((wanted, point))

    def _judge(self, suspects: list[tuple[Wanted, Point]]) -> None:
        hashes = self._hashing.of([wanted.image.place for wanted, _ in suspects])
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
            if self._scope is not None and not self._scope.has(told, image):
                continue
            if source is not None and point_id(told.id, image.key) not in self._points:
                photo = source.payload["photo"]
                found.append(_wanted(told, image, Seen(photo["bytes"], photo["mtime_ns"])))
        return found

    def _leaving(self, left: dict[str, Point], taken: set[str]) -> dict[str, Point]:
        """What the catalog no longer has, without what it still has though it cannot be used this time.

        A point stays only if the catalog speaks of that very photo (a bad row that names it, a folder that cannot be
        looked into), and, where no good row does, not if another product has got it meanwhile. Its fields are those of
        the good rows.
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
            if not reasons or (told is None and (path in taken or self._is_absent(point))):
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
        if scheme_of(path_of(point)) is not None:
            return False  # nobody has asked
        names = {point.payload["photo"]["path"], path_of(point), decomposed(path_of(point))}
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
        sources = Sources(leaving.values())
        hashes = self._hashing.of([wanted.image.place for wanted in unknown]) if leaving else [None] * len(unknown)
        for wanted, digest in zip(unknown, hashes, strict=True):
            source = None if digest is None else sources.take(digest, wanted)
            if source is None:
                plan.new.append(wanted)
            else:
                plan.moved.append((wanted, source))

    def _account(self, leaving: dict[str, Point], taken: set[str]) -> None:
        """What is gone altogether, and which products have another id now."""
        plan = self._plan
        sources = {source.id for _, source in plan.moved}
        removed = [point for point in leaving.values() if point.id not in sources and path_of(point) not in taken]
        plan.removed = sorted(removed, key=lambda point: (id_of(point), path_of(point)))
        by_path = {composed(wanted.image.key): wanted for wanted in self._fresh}
        pairs = [(source, wanted) for wanted, source in plan.moved]
        pairs += [(p, by_path[path_of(p)]) for p in leaving.values() if p.id not in sources and path_of(p) in by_path]
        # What is outside a scope stays as it is, but that it would name a product by an id that it has no more.
        outside = [self._points[identifier] for identifier in sorted(plan.outside)]
        plan.renamed = find_renamed(pairs, self._catalog, self._points.values(), [*plan.left_alone, *outside])
        told_of = plan.keeper.rename({one.before: one.after for one in plan.renamed})
        plan.updated += [(wanted, point) for wanted, point in plan.still if wanted.product_id in told_of]
        plan.still = [(wanted, point) for wanted, point in plan.still if wanted.product_id not in told_of]
        rewritten = {point.id for point, _ in plan.rewritten}
        plan.rewritten += [
            (point, catalog_part(point.payload))
            for point in [*plan.left_alone, *outside]
            if point.payload["product_id"] in told_of and point.id not in rewritten
        ]


def _wanted(product: Product, image: ProductImage, seen: Seen | None) -> Wanted:
    payload = catalog_fields(product, image)
    return Wanted(point_id(product.id, image.key), product.id, image, payload, seen)


def _same_file(wanted: Wanted, point: Point) -> bool:
    photo = point.payload["photo"]
    return bool((photo["bytes"], photo["mtime_ns"]) == wanted.seen)
