"""A filter as it is given, in any of its forms; reading it is for `text_form` and `json_form`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # a command line names the type and needs no tree: its classes take 5 ms to make
    from indexer.store.filters.tree import Filter

Where: TypeAlias = "str | Sequence[str] | Filter | Mapping[str, Any] | None"
"""Filter texts, all of which must hold; a filter tree; or a filter in Qdrant's JSON."""


def where_texts(where: Where) -> tuple[str, ...]:
    """The filter texts; none for a tree or JSON."""
    from indexer.store.filters.tree import Filter

    if where is None or isinstance(where, Filter | Mapping):
        return ()
    return (where,) if isinstance(where, str) else tuple(where)


def where_json(where: Where) -> Any:
    """How the filter was asked for, as plain JSON values: a list of texts, or Qdrant's JSON."""
    from indexer.store.filters.tree import Filter

    if isinstance(where, Filter):
        return [repr(where)]
    return dict(where) if isinstance(where, Mapping) else list(where_texts(where))
