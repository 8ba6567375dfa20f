"""Facets: a field's values or ranges with the number of products each selects, and the filter text that does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexer.errors import FilterError
from indexer.fields.roles import IDENTIFIERS, UNTELLING
from indexer.fields.types import FieldTable, FieldType, Payload
from indexer.store.beside.summary.reading import Summed
from indexer.store.beside.summary.samples import RANGED, drawn_values
from indexer.store.filters.check import field_type
from indexer.store.filters.tree import Filter, known_fields, values_at
from indexer.store.interface import Store
from indexer.system.forks import Lock
from indexer.system.names import composed
from searcher.answers.facet import Bounds, Facet, FacetRange, FacetValue, Span, range_texts, value_text
from searcher.questions.declared import checked
from searcher.questions.kinds import FacetOptions
from searcher.search.facets.census import ProductCensus
from searcher.search.facets.counts import count_ranges, count_values, tally_ranges, tally_values
from searcher.search.facets.ranges import date_bounds, number_bounds, pairs
from searcher.search.ground.published import Published

REMEMBERED = 512
"""Facets kept by a basis."""


class FacetBasis:
    """What facets of one generation have in common: bounds of ranges and the census of its products.

    Made in no time and filled when it is needed; keep it as long as the store. Threads may share it.
    """

    def __init__(self, store: Store, summed: Summed | None = None) -> None:
        self._store, self._summed = store, summed or Summed()
        self.census = ProductCensus(store, self._summed)
        self._lock = Lock()
        self._bounds: dict[str, Bounds] = {}
        self._answered: dict[tuple[str, Filter | None, int], Facet] = {}

    def bounds(self, field: str) -> Bounds:
        """Inner bounds of the ranges of a number or date field, from a sample of the whole catalog."""
        with self._lock:
            if field not in self._bounds:
                kind = field_type(field, known_fields(self._store.record.field_table))
                drawn = self._summed.ask(lambda summary: summary.drawn(field))
                self._bounds[field] = _bounds(kind, drawn_values(self._store, field, kind) if drawn is None else drawn)
            return self._bounds[field]

    def facet(self, field: str, kind: FieldType, where: Filter | None, limit: int) -> Facet:
        """One facet, counted once: a page asks for the same ones again and again."""
        key = (field, where, limit)
        found = self._answered.get(key)
        if found is None:
            found = _counted(self._store, field, kind, where, limit, self)
            if len(self._answered) >= REMEMBERED:
                self._answered.clear()
            self._answered[key] = found
        return found


def facet_basis(published: Published) -> FacetBasis:
    """The basis of a generation's facets, for `Published.memo`."""
    return FacetBasis(published.store, published.summed)


@dataclass(frozen=True, slots=True)
class Counted:
    """What to count, checked; `parse_facets` makes it."""

    kinds: Mapping[str, FieldType]
    """The fields, each once."""
    limit: int
    """Values of a field."""


def parse_facets(fields: Sequence[str], table: FieldTable, limit: int = FacetOptions.limit) -> Counted:
    """Check the fields that are to be counted.

    Args:
        fields: names of keyword, number, boolean or date fields.
        table: the catalog's fields (``record.field_table``); the fields every point has are added.
        limit: values per field, 1 to 1,000.

    Raises:
        UsageError: the limit is out of bounds.
        FilterError: an unknown field, a text field, or one that names products or photos.
    """
    limit = checked(FacetOptions, limit=limit).limit
    known = known_fields(table)
    kinds = {field: field_type(field, known) for field in fields}
    for field, kind in kinds.items():
        if field in IDENTIFIERS:
            raise FilterError(f"{field} has a value for each product or photo; facets count what products share")
        if kind is FieldType.TEXT:
            raise FilterError(f"{field} is a text field; facets need a keyword, number, boolean or date field")
    return Counted(kinds, limit)


def facets(
    store: Store, counted: Counted, where: Filter | None = None, *, basis: FacetBasis | None = None
) -> tuple[Facet, ...]:
    """The values or ranges of fields among the products that pass a filter, with exact counts of products.

    A product counts for a value when one of its photos passes the filter and holds the value: exactly the products
    that the filter together with the value's filter texts would leave. Values of equal count are in order of name;
    an empty text, which no filter text can ask for, is left out.

    Args:
        store: one generation.
        counted: the fields, of `parse_facets`.
        where: the current filter.
        basis: kept from an earlier call on the same store; the first use on a large one reads it once.

    Raises:
        FilterError: a filter that does not fit the fields.
        StoreError: the store cannot be read.
    """
    basis = basis or FacetBasis(store)
    return tuple(basis.facet(field, kind, where, counted.limit) for field, kind in counted.kinds.items())


def facets_of(payloads: Iterable[Payload], counted: Counted, *, basis: FacetBasis | None = None) -> tuple[Facet, ...]:
    """The same over a result: ``payloads``, one for each product, are all that is counted.

    Ranges are those of the catalog where ``basis`` is given, else drawn from the payloads.
    """
    products = [(payload,) for payload in payloads]
    found = []
    for field, kind in counted.kinds.items():
        if kind in RANGED:
            values = (value for (payload,) in products for value in values_at(payload, field))
            bounds = basis.bounds(field) if basis else _bounds(kind, values)
            ranges = pairs(bounds)
            counts = tally_ranges(field, kind, ranges, products)
            found.append(_of_ranges(field, kind, zip(ranges, counts, strict=True)))
        else:
            found.append(_of_values(field, kind, tally_values(field, products), counted.limit))
    return tuple(found)


def facet_fields(table: FieldTable) -> tuple[str, ...]:
    """The fields a shop would offer as facets: category first, then the catalog's own, without texts and addresses."""
    own = (name for name, kind in table.items() if kind is not FieldType.TEXT and name not in UNTELLING)
    return tuple(dict.fromkeys(("category", *own)))


def _counted(store: Store, field: str, kind: FieldType, where: Filter | None, limit: int, basis: FacetBasis) -> Facet:
    counting = basis.census.counting(field, where)
    if kind in RANGED:
        found = _of_ranges(field, kind, count_ranges(store, field, kind, basis.bounds(field), counting))
    else:
        found = _of_values(field, kind, count_values(store, field, counting, limit), limit)
    return replace(found, counted=counting.counted)


def _of_values(field: str, kind: FieldType, counts: Mapping[str | bool, int], limit: int) -> Facet:
    merged: Counter[str | bool] = Counter()
    for value, count in counts.items():  # an index made before may hold a name in two normal forms
        merged[composed(value) if isinstance(value, str) else value] += count
    ranked = sorted(merged.items(), key=lambda item: (-item[1], str(item[0])))
    values = [FacetValue(value, count, (value_text(field, value),)) for value, count in ranked if value != ""]
    return Facet(field, kind, values=tuple(values[:limit]), more=len(values) > limit)


def _of_ranges(field: str, kind: FieldType, counts: Iterable[tuple[Span, int]]) -> Facet:
    ranges = [FacetRange(gte, lt, count, range_texts(field, gte, lt)) for (gte, lt), count in counts if count]
    return Facet(field, kind, ranges=tuple(ranges))


def _bounds(kind: FieldType, values: Iterable[Any]) -> Bounds:
    return date_bounds(values) if kind is FieldType.DATE else number_bounds(values)
