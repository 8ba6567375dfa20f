"""From candidates to a page of an answer: filters, boosts, caps and diversity, and what is dropped when too few pass.

All of it works on products above the store, so that every engine gives the same answer. Where an answer holds one
product a group, boosts come first: the best one stands for its group, and what caps do not let in makes room for
another one of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from indexer.store.filters.tree import Filter, both
from searcher.search.ground.candidate import Candidate
from searcher.search.ground.per import Per
from searcher.search.kinds.question import Search
from searcher.search.plan import Plan
from searcher.search.style.boosts import apply_boosts
from searcher.search.style.caps import Cap, told_apart
from searcher.search.style.diversity import diversify


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of one page, best first."""

    candidates: tuple[Candidate, ...]
    relaxed: tuple[str, ...]
    """Filters that were dropped, in the order they were."""
    relaxed_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By product id, the filters that it does not pass or was not asked to."""
    where: Filter | None = None
    """The filter as asked, with the preset and what the question itself asks for: what facets are counted over."""


def rank(plan: Plan, search: Search, middle: float = 0.0) -> Ranked:
    """Find, order and cut out the page that is wanted; what was asked with is not an answer.

    ``middle`` is the cosine that variety counts as no likeness; see `searcher.search.style.diversity`.
    """
    options = plan.options
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # so that two pages agree on what is new
    chosen: list[Candidate] = []
    relaxed: tuple[str, ...] = ()
    relaxed_for: dict[str, tuple[str, ...]] = {}
    for where, dropped in plan.steps:
        missing = options.last - len(chosen)
        if missing <= 0:
            break
        already = search.left_out(candidate.payload for candidate in chosen)
        found = search.find(both(both(where, search.only), already), options.pool)
        if options.min_score is not None:
            found = [candidate for candidate in found if candidate.similarity >= options.min_score]
        boosted = apply_boosts(found, plan.boosts, now) if plan.boosts else found
        added = diversify(
            _best_of_each(boosted, search.per, plan.caps),
            missing,
            options.diversity,
            plan.caps,
            chosen,
            middle=middle,
            scored=search.scored,
            once=search.per.unit if search.per.groups else None,
        )
        chosen += added
        if dropped:
            relaxed = dropped
            relaxed_for.update((candidate.product_id, dropped) for candidate in added)
    page = tuple(chosen[options.offset : options.last])
    return Ranked(page, relaxed, relaxed_for, search.passed(plan.steps[0].where))


def _best_of_each(found: list[Candidate], per: Per, caps: Sequence[Cap]) -> list[Candidate]:
    """Of each group its best product, and where there are caps, the best of each of their values."""
    if not per.groups:
        return found
    best_first = sorted(found, key=lambda one: (-one.score, per.behind(one.payload), one.product_id))
    kept = told_apart((one.payload for one in best_first), caps, per.unit)
    return [one for one, is_kept in zip(best_first, kept, strict=True) if is_kept]
