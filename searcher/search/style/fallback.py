"""Fallback: which filters to drop, one after the other, when too few products pass them all."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.errors import UsageError
from indexer.fields.types import FieldTable
from indexer.store.filters.check import kind_of, listing, shown
from indexer.store.filters.text_form import field_of
from indexer.store.filters.tree import known_fields

ANY = "*"
"""In a relax order: whichever filters are left."""

Texts = tuple[str, ...]


def relaxations(texts: Sequence[str], relax: Sequence[str], table: FieldTable) -> list[tuple[Texts, Texts]]:
    """The filters that are left, and those dropped so far in the order they were, after each step.

    Each filter text is a unit, and a step drops one of them. The relax order is gone through from its start: a
    field name drops the filters of that field, ``*`` all that are left, the last text first. The filters as given
    are not a step. A field that no filter names drops nothing, so that a shop may keep one order for all questions;
    a filter whose field is not in the order is never dropped.

    Args:
        texts: filter texts (see `indexer.store.filters.text_form`).
        relax: field names, or ``*``.
        table: the catalog's fields (``record.field_table``); the fields every point has are added.

    Raises:
        UsageError: a name in the order that is not a field, whether or not it comes to dropping one; the message lists
            the fields.
    """
    fields = known_fields(table)
    for name in relax:
        try:
            if name != ANY:
                kind_of(name, fields)
        except ValueError as error:
            raise UsageError(
                f"relax {shown(name)}: {error}. Give field names, or * for any. {listing(fields)}"
            ) from None
    left = list(texts)
    dropped: list[str] = []
    steps: list[tuple[Texts, Texts]] = []
    for name in relax:
        for place in reversed(range(len(left))):
            if name in (ANY, field_of(left[place])):
                dropped.append(left.pop(place))
                steps.append((tuple(left), tuple(dropped)))
    return steps
