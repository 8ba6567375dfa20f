"""What a product is called before and after: ids that change by spelling or scheme alone are no other products."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from indexer.catalog.products import Catalog
from indexer.store.records import Point
from indexer.sync.photo import Wanted
from indexer.sync.report import Renamed
from indexer.system.names import composed


def path_of(point: Point) -> str:
    """The path of a point's photo, in normal form."""
    return composed(str(point.payload["photo"]["path"]))


def id_of(point: Point) -> str:
    """The id of a point's product."""
    return str(point.payload["product_id"])


def steady(catalog: Catalog, points: Collection[Point]) -> Catalog:
    """The catalog with the ids that its products have in the index, where folders that cannot be read hide others.

    Whether ``watches/001.jpg`` is called ``001`` or ``watches/001`` hangs on what else there is: while ``rings`` cannot
    be looked into, nothing is called anew.
    """
    closed = {composed(one.key) for one in catalog.withheld}
    if not closed or catalog.manifest is not None:
        return catalog
    published = {path_of(point): id_of(point) for point in points}
    hidden = {id_of(point): point.payload.get("category") for point in points if _is_below(path_of(point), closed)}
    products = []
    for product in catalog.products:
        qualified = f"{product.category}/{product.id}"
        before = {published.get(composed(image.key)) for image in product.images} - {None}
        is_hidden = hidden.get(product.id, product.category) != product.category and product.id not in before
        products.append(replace(product, id=qualified) if qualified in before or is_hidden else product)
    return replace(catalog, products=tuple(products))


def _is_below(path: str, places: Collection[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:depth]) in places for depth in range(1, len(parts) + 1))


def find_renamed(
    pairs: Iterable[tuple[Point, Wanted]], catalog: Catalog, points: Collection[Point], kept: Iterable[Point]
) -> list[Renamed]:
    """Products that are the same under another id.

    Args:
        pairs: photos that leave one product and come to another.
        catalog: as it is now.
        points: the index before.
        kept: those of them that stay although the catalog cannot be read there.
    """
    after, before = defaultdict(set), defaultdict(set)
    moved: Counter[str] = Counter()
    for point, wanted in pairs:
        after[id_of(point)].add(wanted.product_id)
        before[wanted.product_id].add(id_of(point))
        moved[id_of(point)] += 1
    if not moved:
        return []
    had = Counter(map(id_of, points))
    has = {product.id: len(product.images) for product in catalog.products}
    staying = has.keys() | set(map(id_of, kept))
    qualified = _qualified(catalog)
    found = []
    for old, news in sorted(after.items()):
        new = min(news)
        if len(news) > 1 or len(before[new]) > 1 or old in staying or new in had:
            continue
        because = _why(old, new, qualified)
        if because is None and had[old] == moved[old] == has.get(new):
            because = "it has the same photos"
        if because is not None:
            found.append(Renamed(old, new, because))
    return found


def _qualified(catalog: Catalog) -> dict[str, list[str]] | None:
    """By name, the categories whose products carry their category in the id; None where a manifest names all ids."""
    if catalog.manifest is not None:
        return None
    found = defaultdict(list)
    for product in catalog.products:
        category, _, name = product.id.rpartition("/")
        if category and category == product.category:
            found[name].append(category)
    return found


def _why(old: str, new: str, qualified: Mapping[str, Sequence[str]] | None) -> str | None:
    """Why an id can have changed although nobody changed it."""
    if composed(old) == composed(new):
        return "the same letters, encoded in one way now"
    if qualified is None:
        return None
    if new.endswith(f"/{old}"):
        others = (category for category in qualified.get(old, ()) if f"{category}/{old}" != new)
        return f"{next(others, 'another category')} has a product {old} too"
    return f"no other category has a product {new} now" if old.endswith(f"/{new}") else None
