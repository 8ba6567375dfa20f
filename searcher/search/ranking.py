"""From candidates to a page of an answer: filters, boosts, caps and diversity, and what is dropped when too few pass.

All of it works on products above the store, so that every engine gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.store.filters.text_form import Where, where_texts
from indexer.store.filters.tree import Filter, both
from searcher.questions.options import Options
from searcher.search.candidate import Candidate
from searcher.search.published import Published, without_products
from searcher.search.search import Search
from searcher.search.style.boosts import apply_boosts, parse_boosts
from searcher.search.style.caps import parse_caps
from searcher.search.style.diversity import diversify
from searcher.search.style.fallback import check_relax, relaxations
from searcher.search.style.presets import preset_filter


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of one page, best first."""

    candidates: tuple[Candidate, ...]
    relaxed: tuple[str, ...]
    """Filters that were dropped, in the order they were."""
    relaxed_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By product id, the filters that it does not pass or was not asked to."""
    where: Filter | None = None
    """The filter as asked, with the preset: what facets are counted over."""


def rank(published: Published, options: Options, search: Search) -> Ranked:
    """Find, order and cut out the page that the options ask for; what was asked with is no answer.

    Raises:
        UsageError: a filter, boost, cap or preset that makes no sense for this catalog.
    """
    table = published.store.record.field_table
    boosts, caps = parse_boosts(options.boosts, table), parse_caps(options.caps, table)
    check_relax(options.relax, table)
    preset = preset_filter(options.preset, search.payload, table) if options.preset else None
    fixed = both(search.only, preset)
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # so that two pages agree on what is new
    chosen: list[Candidate] = []
    relaxed: tuple[str, ...] = ()
    relaxed_for: dict[str, tuple[str, ...]] = {}
    asked = both(published.read_filter(options.where), fixed)
    for where, dropped in _steps(options, table):
        missing = options.last - len(chosen)
        if missing <= 0:
            break
        already = [*search.products, *(candidate.product_id for candidate in chosen)]
        tree = both(both(published.read_filter(where), fixed), without_products(already))
        found = search.find(tree, options.pool)
        if options.min_score is not None:
            found = [candidate for candidate in found if candidate.similarity >= options.min_score]
        boosted = apply_boosts(found, boosts, now) if boosts else found
        added = diversify(boosted, missing, options.diversity, caps, chosen)
        chosen += added
        if dropped:
            relaxed = dropped
            relaxed_for.update((candidate.product_id, dropped) for candidate in added)
    return Ranked(tuple(chosen[options.offset : options.last]), relaxed, relaxed_for, asked)


def _steps(options: Options, table: Mapping[str, Any]) -> Iterator[tuple[Where, tuple[str, ...]]]:
    """The filter as asked, then with fewer and fewer of its texts."""
    yield options.where, ()
    if options.relax:
        yield from relaxations(where_texts(options.where), options.relax, table)
