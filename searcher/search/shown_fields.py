"""Which of a product's fields an answer shows: names that there are, a part of an object by its dotted name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from indexer.errors import UsageError
from indexer.fields.roles import NOT_ANSWERED, ROLES
from indexer.fields.types import FieldTable, Payload
from indexer.store.filters.check import no_field
from indexer.store.filters.tree import known_fields, value_at


def check_shown_fields(names: Sequence[str] | None, table: FieldTable) -> None:
    """Refuse names that no product of a generation can have: an answer without them would look like one with them.

    Args:
        names: payload fields that are to be shown; None: those that are shown by default.
        table: the catalog's fields (``record.field_table``); those that the index writes itself are added.

    Raises:
        UsageError: names the first that there is not, the nearest to it, and what there is.
    """
    if not names:
        return
    known = dict.fromkeys((*known_fields(table), *(role.name for role in ROLES)))
    for name in names:
        if name not in known:
            raise UsageError(f"fields: {no_field(name, known)}. Fields: {', '.join(known)}")


def shown_fields(payload: Payload, names: Sequence[str] | None) -> Payload:
    """The fields of these names, ``photo.rank`` within its object; None: all that say something of the product."""
    if names is None:
        return {name: value for name, value in payload.items() if name not in NOT_ANSWERED}
    found: dict[str, Any] = {}
    for name in names:
        whole, _, part = name.rpartition(".")
        if name in payload:
            found[name] = payload[name]
        elif whole and (value := value_at(payload, name)) is not None:
            _within(found, whole)[part] = value
    return found


def _within(found: dict[str, Any], path: str) -> dict[str, Any]:
    """The object at a dotted path, made where it is not there yet, and none of the payload's own."""
    for name in path.split("."):
        found[name] = dict(found.get(name, {}))
        found = found[name]
    return found
