"""A filter taken apart: the conditions that all must hold, each with what a person knows it by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indexer.fields.types import FieldTable
from indexer.store.filters import text_form
from indexer.store.filters.tree import Condition, Filter
from indexer.store.filters.where import Where, where_texts
from searcher.answers.naming import cut
from searcher.search.facets.census import fields_of


@dataclass(frozen=True, slots=True)
class Part:
    """One of the conditions that all must hold."""

    condition: Condition
    label: str
    """What a person knows it by."""


def parts_of(table: FieldTable, where: Where, tree: Filter) -> list[Part]:
    """The parts of a filter: its texts, as they were written, or the conditions of one in JSON.

    Args:
        table: the types of the catalog's fields.
        where: the filter as it was given.
        tree: the same, read.
    """
    if texts := where_texts(where):
        read = [(text, text_form.read(text, table)) for text in dict.fromkeys(texts)]
        return [Part(_bare(one), cut(text.strip())) for text, one in read if one]
    return [Part(one, condition_on(one)) for one in split(tree)]


def split(tree: Filter) -> Iterator[Condition]:
    """The conditions of a filter that all must hold."""
    for one in tree.must:
        if isinstance(one, Filter):
            yield from split(one)
        else:
            yield one
    if tree.should:
        yield tree.should[0] if len(tree.should) == 1 else Filter(should=tree.should)
    yield from (Filter(must_not=(one,)) for one in tree.must_not)


def _bare(tree: Filter) -> Condition:
    """The one condition that a filter is made of, else the filter."""
    conditions = list(split(tree))
    return conditions[0] if len(conditions) == 1 else tree


def condition_on(condition: Condition) -> str:
    """What a condition is called that was not written as text: by its fields."""
    fields = fields_of(condition) if isinstance(condition, Filter) else [condition.field]
    return f"the condition on {' and '.join(dict.fromkeys(fields))}"
