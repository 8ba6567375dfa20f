"""The part of a catalog that a sync is about: everything outside stays in the index as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from indexer.catalog.products import Catalog, Product, ProductImage
from indexer.errors import CatalogError, FilterError, ModelError, StoreDamaged
from indexer.fields.identity import point_id
from indexer.fields.types import FieldTable
from indexer.store.filters.passes import passing
from indexer.store.filters.text_form import read
from indexer.store.filters.tree import Condition, Filter
from indexer.store.filters.where import Where, where_json
from indexer.store.records import GenerationRecord, Point, Repair
from indexer.sync.payload import catalog_fields
from indexer.sync.planning.plan import SyncPlan

ALWAYS = ("product_id", "category")
"""What a catalog says of every product, whatever columns it has."""


class Scope:
    """A filter over what the catalog says; nothing that only the index knows of a photo is in it.

    A photo takes part that passes by the catalog or by the index: what leaves the scope, because its brand was wrong,
    is written as the catalog has it now, and what comes into it, too. What neither says to be in it is outside.

    Args:
        where: the filter as it was given.
        table: the catalog's fields.

    Raises:
        FilterError: it does not fit the catalog's fields, or names one that the catalog does not say.
    """

    def __init__(self, where: Where, table: FieldTable) -> None:
        self.said = where_json(where)
        tree = read(where, table) or Filter()
        if others := sorted(_fields_of(tree) - {*ALWAYS, *table}):
            raise FilterError(
                f"the scope {self} goes by {', '.join(others)}, which no catalog says; take what it says: "
                f"{', '.join((*ALWAYS, *sorted(table)))}"
            )
        self._passes = passing(tree)

    def __str__(self) -> str:
        """As a message says it."""
        return " and ".join(map(str, self.said)) if isinstance(self.said, list) else str(self.said)

    def has(self, product: Product, image: ProductImage) -> bool:
        """Whether a photo passes by what the catalog says of it."""
        return self._passes(catalog_fields(product, image))

    def outside(self, points: Iterable[Point]) -> frozenset[str]:
        """The ids of the points that do not pass by what the index says of them."""
        return frozenset(point.id for point in points if not self._passes(point.payload))

    def within(self, catalog: Catalog, points: Mapping[str, Point]) -> Catalog:
        """The catalog with the photos alone that take part, where these points are in the index, by their ids."""
        outside = self.outside(points.values())
        products = []
        for product in catalog.products:
            ids = [point_id(product.id, image.key) for image in product.images]
            pairs = zip(ids, product.images, strict=True)
            images = tuple(i for of, i in pairs if (of in points and of not in outside) or self.has(product, i))
            products += [replace(product, images=images)] if images else []
        return replace(catalog, products=tuple(products))

    def products(self, catalog: Catalog) -> int:
        """How many products of a catalog pass with a photo at least."""
        return sum(any(self.has(product, image) for image in product.images) for product in catalog.products)

    def record(self, wanted: GenerationRecord, published: GenerationRecord | None) -> GenerationRecord:
        """What the next generation is built from, where the part outside the scope is built as it was."""
        if published is None:
            return wanted
        table = {**published.field_table, **wanted.field_table}
        return replace(wanted, field_table=table, reading=published.reading, colours=published.colours)


def scope_of(
    where: Where, catalog: Catalog, published: GenerationRecord | None, location: str, repair: Repair | None
) -> Scope | None:
    """The scope of a sync into this index; None where everything is meant.

    Args:
        where: the filter as it was given.
        catalog: as it is now.
        published: the record of the generation in the index.
        location: the index, as people call it.
        repair: what was done about damage.

    Raises:
        FilterError: the filter does not fit the catalog.
        CatalogError: what is outside the scope could not stay as it is: the index is of another catalog, or of fields
            of other types. Or the index is empty, and would stay so.
        StoreDamaged: nor can it, as nothing can be kept of a damaged index.
    """
    if where is None or where == () or where == []:
        return None
    scope = Scope(where, catalog.field_table)
    if repair is not None and repair.nothing_left:
        raise StoreDamaged(f"{location}: {repair.notes[0]}, and a scope would leave out the rest; {_ALL}")
    if published is None:
        if not scope.products(catalog):
            raise CatalogError(f"{catalog.where}: no product of it passes the scope {scope}; {_LOOK}")
        return scope
    if not _is_of(published, catalog):
        raise CatalogError(
            f"{catalog.where}: {location} is of the catalog {published.catalog_root}, and what is outside the scope "
            f"{scope} has its photos there; if the catalog has moved, {_ALL}"
        )
    for name, kind in catalog.field_table.items():
        if (before := published.field_table.get(name, kind)) != kind:
            raise CatalogError(
                f"{catalog.where}: {name} is a {kind} in the catalog and a {before} in {location}, and what is outside "
                f"the scope {scope} would keep it so; {_ALL}"
            )
    return scope


def notes_of(scope: Scope, catalog: Catalog, plan: SyncPlan) -> list[str]:
    """What a person should know of the catalog and of a scope that means nothing of it."""
    notes = list(catalog.notes)
    if not any(plan.counts().values()):
        notes.append(f"{catalog.where}: nothing in it, and nothing in the index, passes the scope {scope}; {_LOOK}")
    return notes


def another_model(scope: Scope, location: str) -> ModelError:
    """A sync with another model builds everything anew, and with a scope would lose the rest."""
    return ModelError(
        f"{location}: was built by another model or text model, so everything is embedded again, and the scope {scope} "
        f"would leave out the rest; {_ALL}"
    )


_LOOK = "look at its columns, or correct the scope"
_ALL = "run the sync once without --scope"


def _is_of(published: GenerationRecord, catalog: Catalog) -> bool:
    """Whether a generation was built from this catalog, however its path is written."""
    if catalog.address is not None:
        return published.catalog_root == catalog.address
    return Path(published.catalog_root).resolve() == catalog.root.resolve()


def _fields_of(condition: Condition) -> frozenset[str]:
    """The fields that a filter names."""
    if isinstance(condition, Filter):
        parts = (*condition.must, *condition.should, *condition.must_not)
        return frozenset().union(*map(_fields_of, parts))
    return frozenset({condition.field})
