"""A filter as it is given, in any of its forms; reading it is for `text_form` and `json_form`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from indexer.errors import FilterError, UsageError
from indexer.system.arguments import listed, said, text_of, texts_of

if TYPE_CHECKING:  # a command line names the type and needs no tree: its classes take 5 ms to make
    from indexer.store.filters.tree import Filter

Where: TypeAlias = "str | Sequence[str] | Filter | Mapping[str, Any] | None"
"""Filter texts, all of which must hold; a filter tree; or a filter in Qdrant's JSON."""


def where_of(where: object, name: str = "where") -> Where:
    """A filter as it was given, its texts as a tuple; raises ``FilterError`` for what is none in any form."""
    from indexer.store.filters.tree import Filter

    if where is None or isinstance(where, Filter | Mapping):
        return where
    if isinstance(where, str):
        return text_of(name, where)
    try:
        texts = tuple(listed(name, where, "texts"))
    except UsageError:
        what = "give filter texts such as 'price<=500', a filter tree, or a filter in Qdrant's JSON"
        raise FilterError(f"{name} is {said(where)}; {what}") from None
    for text in texts:
        if not isinstance(text, str):
            raise FilterError(f"{name} holds {said(text)}; each filter is a text such as 'price<=500'")
    return texts_of(name, texts)


def where_texts(where: Where) -> tuple[str, ...]:
    """The filter texts; none for a tree or JSON. Raises as `where_of` does."""
    given = where_of(where)
    if isinstance(given, str):
        return (given,)
    return given if isinstance(given, tuple) else ()


def where_json(where: Where) -> Any:
    """How the filter was asked for, as plain JSON values: a list of texts, or Qdrant's JSON."""
    from indexer.store.filters.tree import Filter

    if isinstance(where, Filter):
        return [repr(where)]
    return dict(where) if isinstance(where, Mapping) else list(where_texts(where))
