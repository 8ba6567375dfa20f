"""Refuses a sync that would take out of the index what most likely is only out of sight: the guard before any work."""

from __future__ import annotations

from collections import Counter

from indexer.catalog.products import Catalog, OpenEnd
from indexer.errors import RemovalRefused
from indexer.fields.roles import KEPT_TABLE
from indexer.fields.types import FieldTable
from indexer.sync.payload import catalog_fields
from indexer.sync.planning.names import id_of, path_of
from indexer.sync.planning.plan import SyncPlan
from indexer.sync.planning.scope import Scope
from indexer.system.names import composed

MAX_REMOVAL = 0.1
"""The share of the index that a sync may remove. A nightly job deletes a few; an unmounted share is more."""
REMOVAL_FROM = 20
"""Fewer photos than these may always go: in a small shop, a product or two is a tenth."""
_NAMED = 8


def check_removal(
    catalog: Catalog,
    plan: SyncPlan,
    published: FieldTable,
    location: str,
    max_removal: float = MAX_REMOVAL,
    scope: Scope | None = None,
) -> None:
    """Look at what a plan takes out of the index; photos that moved and products of another id are not among it.

    Args:
        catalog: that the plan is for.
        plan: what would be done.
        published: the field table of the generation in the index.
        location: the index, as people call it.
        max_removal: the largest share of the photos, 0 to 1; 0 lets nothing go.
        scope: of the sync: the share is that of the photos in it.

    Raises:
        RemovalRefused: it is a whole category, more than ``max_removal`` (and at least 20 photos), all of a scope, all
            that a manifest told, or the manifest has been cut short.
    """
    indexed, going = sum(plan.stored.values()) - len(plan.outside), len(plan.removed)
    reasons = [*_cut(catalog.open_end, catalog, plan), *_lost_manifest(catalog, published)]
    if lost := _lost_categories(catalog, plan):
        reasons.append(f"all there is of {_listed(lost, 'categories')}")
    if scope is not None and 0 < indexed == going:
        reasons.append("all there is of the scope")
    if going > max_removal * indexed and (going >= REMOVAL_FROM or max_removal == 0):
        reasons.append(f"more than {max_removal * 100:g} %")
    if not reasons:
        return
    why = "; ".join(reasons)
    if going:
        products = _listed(sorted({id_of(point) for point in plan.removed}), "products")
        of = "" if scope is None else f" of the scope {scope}"
        why = f"this would remove {going} of {indexed} photos{of} from {location} ({why}), those of {products}"
    raise RemovalRefused(
        f"{catalog.where}: {why}; nothing was changed: if it is meant, add --allow-removal; "
        "with --dry-run as well, it is listed in full"
    )


def _lost_categories(catalog: Catalog, plan: SyncPlan) -> list[str]:
    """Categories that the index has and of which nothing is left."""
    going = Counter(point.payload.get("category") for point in plan.removed)
    there = {composed(category) for category in (*catalog.categories, *plan.categories)}
    return sorted(
        str(category)
        for category, count in going.items()
        if category is not None and count == plan.stored[category] and composed(str(category)) not in there
    )


def _lost_manifest(catalog: Catalog, published: FieldTable) -> list[str]:
    """Without its manifest, a folder of photos is a catalog too: one in which nothing has a price."""
    told = sorted(name for name in published if name not in KEPT_TABLE)
    if catalog.manifest is not None or not told:
        return []
    return [f"the manifest that told {', '.join(told[:_NAMED])} is no longer there: restore it"]


def _cut(end: OpenEnd | None, catalog: Catalog, plan: SyncPlan) -> list[str]:
    """Whether the manifest was cut in its last line: it is short, or its last cell is the beginning of what it was."""
    if end is None:
        return []
    if end.problem is not None:
        return [f"{end.where}: {end.problem}"]
    if end.column == "image":
        lost = next((path_of(point) for point in plan.removed if id_of(point) == end.product_id), None)
        return [] if lost is None else [_seems_cut(end, f"{lost!r} is no longer in it")]
    now = _now(end, catalog)
    for point in plan.before:
        texts = _texts(point.payload.get(end.column)) if path_of(point) in map(composed, end.keys) else ()
        if now not in texts and end.text not in texts:
            for was in texts:
                if was.startswith(end.text):
                    return [_seems_cut(end, f"it was {was!r}")]
    return []


def _seems_cut(end: OpenEnd, why: str) -> str:
    return f"{end.where}: its last cell is {end.text!r} without a line end, and {why}: the file seems to be cut there"


def _now(end: OpenEnd, catalog: Catalog) -> str | None:
    """What the catalog has for the last cell: what a row leaves blank it may inherit."""
    for product in catalog.products:
        if product.id == end.product_id:
            for image in product.images:
                if image.key in end.keys:
                    return next(iter(_texts(catalog_fields(product, image).get(end.column))), None)
    return None


def _texts(value: object) -> tuple[str, ...]:
    """A value in the ways in which a cell may hold it."""
    if isinstance(value, bool):
        return ("true", "yes") if value else ("false", "no")
    if isinstance(value, list):
        return ("|".join(map(str, value)),)
    if value is None:
        return ()
    return (f"{value:.15g}" if isinstance(value, float) else str(value),)


def _listed(names: list[str], what: str) -> str:
    """Names, as many as a line can hold."""
    more = f" and {len(names) - _NAMED} other {what}" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
