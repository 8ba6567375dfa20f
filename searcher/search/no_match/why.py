"""Which conditions no product meets, and the values nearest to what they ask for, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indexer.fields.roles import IDENTIFIERS
from indexer.store.beside.summary.folding import runs_of
from indexer.store.filters.normal_forms import in_both_forms, spellings
from indexer.store.filters.tree import (
    Condition,
    DateRange,
    Except,
    Filter,
    IsEmpty,
    Match,
    Prefix,
    Range,
    Text,
    known_fields,
)
from indexer.store.filters.where import Where
from indexer.system.names import composed
from searcher.answers.facet import Facet
from searcher.answers.naming import (
    NAMED,
    any_of,
    composed_value,
    ending,
    in_turn,
    plain,
    quoted,
    range_text,
    value_written,
)
from searcher.search.facets.counting import facet_basis
from searcher.search.ground.published import Published
from searcher.search.nearness.near_bounds import below_and_above
from searcher.search.nearness.near_values import beginning_values, near_values
from searcher.search.no_match.parts import Part, condition_on, parts_of, split
from searcher.search.words.english import forms
from searcher.search.words.vocabulary import vocabulary_of

MAX_VALUES = 1_000
"""Values of a field that one is compared with, the most frequent ones."""
MAX_NOTES = 5
MAX_PARTS = 20
"""Conditions of a filter that are looked at, each by itself."""


def why_nothing(published: Published, where: Where, tree: Filter | None) -> tuple[str, ...]:
    """Notes on a filter that passes no product, a sentence each; none where it passes some.

    A condition that no product meets is named, with the values there are that come nearest. Where each has products and
    all of them together have none, it is said which one keeps them apart.

    Args:
        published: the generation.
        where: the filter as it was given, whose texts are quoted.
        tree: the same, read.

    Raises:
        StoreError: the store cannot be read.
    """
    if tree is None or published.store.count(tree) or not published.store.count():
        return ()
    found: dict[str, None] = {}
    for note in _Reasons(published).notes(parts_of(published.store.record.field_table, where, tree)):
        found[note] = None
        if len(found) == MAX_NOTES:  # what follows is not even looked for
            break
    return tuple(found)


class _Reasons:
    """What is asked of one generation to find out."""

    def __init__(self, published: Published) -> None:
        self._published, self._store = published, published.store
        self._kinds = known_fields(published.store.record.field_table)

    def notes(self, parts: Sequence[Part]) -> Iterator[str]:
        """What is to be said of conditions that together have no product."""
        looked_at = parts[:MAX_PARTS]
        alone = [part for part in looked_at if not self._passes(part.condition)]
        for part in alone:
            yield from self._of(part.condition)
        if not alone and 1 < len(parts) == len(looked_at):
            yield self._together(parts)

    def _passes(self, *conditions: Condition) -> bool:
        return self._store.count(Filter(must=conditions)) > 0

    def _together(self, parts: Sequence[Part]) -> str:
        """Which of conditions that have products each keeps them apart."""
        apart = [
            part.label for part in parts if self._passes(*(other.condition for other in parts if other is not part))
        ]
        said = "Each condition has products, all of them together have none"
        return f"{said}; without {any_of(apart)} some are left." if apart else f"{said}."

    def _of(self, condition: Condition) -> Iterator[str]:
        """Of a condition that no product meets."""
        match condition:
            case Filter(must=(), should=either, must_not=()):
                for one in either[:MAX_PARTS]:
                    yield from self._of(one)
            case Filter(must=(), should=(), must_not=(one,)):
                yield _of_all(one)
            case Filter():
                yield from self.notes([Part(one, condition_on(one)) for one in split(condition)])
            case IsEmpty(field):
                yield f"Every product has a value in {field}."
            case _ if not self._has(condition.field):
                yield f"No product has a value in {condition.field}."
            case Match(field, values):
                yield self._of_values(field, list(dict.fromkeys(map(composed_value, values))))
            case Except(field, values):
                yield f"No product has a value in {field} other than {any_of(quoted(values))}."
            case Prefix(field, prefix):
                facet = self._facet(field)
                counts = _counts(facet)
                near = {one: counts[one] for one in beginning_values(composed(prefix), counts, NAMED)}
                yield f"No value of {field} begins with {any_of(quoted([composed(prefix)]))}{ending(facet, near)}"
            case Text(field, text):
                yield self._of_words(field, text)
            case Range() | DateRange():
                yield self._of_range(condition)

    def _has(self, field: str) -> bool:
        return self._passes(Filter(must_not=(IsEmpty(field),)))

    def _of_values(self, field: str, asked: Sequence[str | bool]) -> str:
        if not asked:
            return f"The filter asks for {field}, and for no value of it."
        said, texts = (
            f"No product has {field} {any_of(quoted(asked))}",
            [one for one in asked if isinstance(one, str)],
        )
        if field in IDENTIFIERS:
            ids = [self._published.near_ids(one) for one in texts[:NAMED]] if field == "product_id" else []
            near = [value_written(field, one) for one in in_turn(ids)[:NAMED]]
            return f"{said}; near: {', '.join(near)}." if near else f"{said}."
        facet = self._facet(field)
        counts = {**_counts(facet), **(self._spelled(field, texts[:MAX_PARTS]) if facet.more else {})}
        found = in_turn([near_values(one, counts, NAMED) for one in texts[:MAX_PARTS]])[:NAMED]
        return said + ending(facet, {one: counts[one] for one in found})

    def _spelled(self, field: str, asked: Sequence[str]) -> dict[str, int]:
        """Values that are the ones asked for in other letters or as one or many, of a field of very many values."""
        plain = [one.strip() for one in asked]
        ways = [way for one in plain for form in forms(one) for way in (form, form.lower(), form.upper(), form.title())]
        there = self._store.facet(field, Filter(must=(Match(field, spellings(ways)),)), limit=MAX_VALUES)
        return {str(one): self._products(Match(field, (one,))) for one, _ in there if one in ways}

    def _facet(self, field: str) -> Facet:
        return self._published.memo(facet_basis).facet(field, self._kinds[field], None, MAX_VALUES)

    def _of_words(self, field: str, text: str) -> str:
        words = list(dict.fromkeys(runs_of(composed(text))))[:MAX_PARTS]
        missing = [word for word in words if not self._passes(_word_in(field, word))]
        if not missing:
            return f"No {field} has all of the words {', '.join(quoted(words))}."
        vocabulary = self._published.memo(vocabulary_of)
        near = [
            [one for one in vocabulary.near(word, 2 * NAMED) if self._passes(_word_in(field, one))] for word in missing
        ]
        named = [f"{one} ({self._products(_word_in(field, one)):,})" for one in in_turn(near)[:NAMED]]
        said = f"No {field} has the word {any_of(quoted(missing))}"
        return f"{said}; near: {', '.join(named)}." if named else f"{said}."

    def _products(self, condition: Condition) -> int:
        """How many products meet a condition."""
        counting = self._published.memo(facet_basis).census.counting("category", Filter(must=(condition,)))
        return len(counting.payloads) + (self._store.count(counting.by_store) if counting.store_counts else 0)

    def _of_range(self, span: Range | DateRange) -> str:
        below, above = below_and_above(self._store, span)
        low, high = ("earliest", "latest") if isinstance(span, DateRange) else ("lowest", "highest")
        said = f"No product has {range_text(span)}"
        if below is not None and above is not None:
            return f"{said}; the nearest are {plain(below)} and {plain(above)}."
        if above is not None:
            return f"{said}; the {low} is {plain(above)}."
        return f"{said}; the {high} is {plain(below)}." if below is not None else f"{said}."


def _word_in(field: str, word: str) -> Condition:
    return in_both_forms(Filter(must=(Text(field, word),)))


def _of_all(condition: Condition) -> str:
    """What is so of every product, and was not wanted."""
    match condition:
        case Match(field, values):
            return f"Every product has {field} {any_of(quoted(dict.fromkeys(map(composed_value, values))))}."
        case Range() | DateRange():
            return f"Every product has {range_text(condition)}."
        case IsEmpty(field):
            return f"No product has a value in {field}."
    return f"Every product passes {condition_on(condition)}, which is not to hold."


def _counts(facet: Facet) -> dict[str, int]:
    return {one.value: one.count for one in facet.values if isinstance(one.value, str)}
