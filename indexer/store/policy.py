"""How the nearest of the points that a filter keeps are found, by how many it keeps: the same for both engines.

Three ways, each lossless and quick where the others are not. Few points are compared one by one. Most of the points
lie close enough together in the graph that a plain walk, which steps from kept point to kept point, finds them. Between
the two the plain walk gets stuck (a quarter kept of 100,000: .75 of the ten nearest), and ACORN steps over the points
that are not kept to their neighbours (Patel et al., *ACORN: Performant and Predicate-Agnostic Search Over Vector
Embeddings and Structured Data*, SIGMOD 2024), which costs more and needs more candidates the less is kept. No graph
has links of its own for a field: they would cost two thirds of the build, and still lose a tenth of the answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from indexer.store.filters.tree import Filter
from indexer.store.records import COLOUR_VECTOR_NAME, VectorName

GRAPHLESS: frozenset[VectorName] = frozenset({COLOUR_VECTOR_NAME})
"""Vectors without a graph, compared one by one whatever the filter keeps: a colour vector has 20 numbers, so that a
million of them are compared in a few hundredths of a second, and a graph of them would be built at every sync."""


class Way(Enum):
    """One of the three."""

    EXACT = "exact"
    """Every point that the filter keeps is compared."""
    ACORN = "acorn"
    """The graph is walked, over the points that the filter does not keep too."""
    PLAIN = "plain"
    """The graph is walked as if there were no filter; what it does not keep is left out."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How one search goes: the way, and the candidates that a walk over the graph keeps (0 with `Way.EXACT`)."""

    way: Way
    ef: int = 0


@dataclass(frozen=True, slots=True)
class Middle:
    """What is done where a filter keeps more than a share of the points, and less than the next row's."""

    share: float
    ef: int
    """ACORN's candidates."""
    scanned: int
    """Points up to which comparing them all is done instead: it costs no more, or ACORN would find less for it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers. An exact scan costs .09 us a point; what the walks cost and find is in docs/results.md."""

    plain_above: float = 0.7
    """Share of the points above which the graph is walked plainly."""
    plain_ef: int = 128
    middles: tuple[Middle, ...] = (
        Middle(0.45, ef=64, scanned=40_000),
        Middle(0.3, ef=192, scanned=120_000),
        Middle(0.2, ef=384, scanned=250_000),
        Middle(0.0, ef=768, scanned=1_000_000),
    )
    """From the largest share to the smallest, which is 0."""

    def scaled(self, factor: float) -> Policy:
        """The same for an index ``factor`` times as large: the points that are scanned, not the shares."""
        rows = tuple(replace(row, scanned=round(factor * row.scanned)) for row in self.middles)
        return replace(self, middles=rows)


POLICY = Policy()


def way_to_search(kept: int, points: int, limit: int, policy: Policy = POLICY) -> Walk:
    """How to find the ``limit`` nearest of the points that a filter keeps.

    Args:
        kept: points that the filter keeps, an estimate; all ``points`` where there is no filter.
        points: points of the generation.
        limit: answers wanted, 1 or more; a walk keeps at least as many candidates.
        policy: the numbers.
    """
    if kept > policy.plain_above * points:
        return Walk(Way.PLAIN, max(policy.plain_ef, limit))
    row = next((row for row in policy.middles if kept > row.share * points), policy.middles[-1])
    if kept <= row.scanned:
        return Walk(Way.EXACT)
    return Walk(Way.ACORN, max(row.ef, limit))


def is_estimable(where: Filter) -> bool:
    """Whether an engine's estimate of what a filter keeps will do.

    Engines multiply shares, as if conditions had nothing to do with each other. Of conditions that must all hold that
    does little harm: where it says too much by far, so little is kept that all of it is compared anyway. Of
    alternatives that overlap ("gold" in the title, or "gold" in the description) it makes half as much again as there
    is, and a walk would lose answers: such a filter is counted, or estimated as `without_alternatives`.
    """
    if len(where.should) > 1 or any(isinstance(condition, Filter) for condition in where.must_not):
        return False
    return all(is_estimable(condition) for condition in (*where.must, *where.should) if isinstance(condition, Filter))


def without_alternatives(where: Filter, count: Callable[[Filter], int]) -> Filter:
    """A filter that keeps no more than this one and can be estimated: of alternatives, the one that keeps most.

    Args:
        where: the filter.
        count: estimates what one keeps.
    """
    must, must_not = [], []
    choices = [where.should] if where.should else []
    for condition in where.must:
        must.append(without_alternatives(condition, count) if isinstance(condition, Filter) else condition)
    for denied in where.must_not:
        if isinstance(denied, Filter):  # one of its conditions does not hold
            none_of = (Filter(must_not=denied.should),) if denied.should else ()
            choices.append((*(Filter(must_not=(one,)) for one in denied.must), *denied.must_not, *none_of))
        else:
            must_not.append(denied)
    for choice in choices:
        each = [without_alternatives(one if isinstance(one, Filter) else Filter(must=(one,)), count) for one in choice]
        must += [max(each, key=count)] if each else []
    return Filter(must=tuple(must), must_not=tuple(must_not))
