"""Diversity: choose products that are alike to the question and unlike each other, under caps.

Relevance and likeness are measured on one scale: 0 is the middle of the catalog, the cosine that half of its pairs of
photos exceed, and 1 is the same picture. Cosines as they are would not do: whatever is alike to the first product is
alike to the question as well, so that a weighted difference of the two, as in maximal marginal relevance (Carbonell and
Goldstein, SIGIR 1998), changes nothing up to one weight and turns the order about above it.

Greedily, the next product is the best one whose likeness to each product above it is at most

    1 - (d + d ** 3) / 4

where d is the diversity in [0, 1]: .97 at d = .1, which lets no copies through, .92 at .3, .84 at .5 and .5 at 1. Where
none is left, the one least alike to those above comes next. Only products of at least `FLOOR` times the relevance of
the best one take part; those below follow in the order of their scores. The first product is always the best one. Each
choice depends only on the choices before it, so the answer of n products is the beginning of the answer of n + 1, and
pages fit together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from indexer.fields.types import Payload
from searcher.search.ground.candidate import DECIMALS, Candidate
from searcher.search.style.caps import Cap, CapCounter

FLOOR = 0.5
"""Share of the best product's relevance that takes part in variety. With the rule above it was chosen on 1,199 photos
of five categories; on the sample catalog, where it was not, .998 of the first ten are of the product's category at
d = .3 as without variety, and .91 at d = 1."""


def diversify(
    candidates: Sequence[Candidate],
    count: int,
    diversity: float = 0.0,
    caps: Sequence[Cap] = (),
    chosen: Sequence[Candidate] = (),
    *,
    middle: float = 0.0,
    scored: bool = False,
    once: Callable[[Payload], Hashable] | None = None,
) -> list[Candidate]:
    """Choose up to ``count`` products, in the order they are to be shown.

    Fewer come back when the candidates run out or the caps leave no more. What is equal goes by score and then product
    id, whatever order the candidates come in.

    Args:
        candidates: products, each once, with vectors of unit length and none of them in ``chosen``.
        count: how many to choose.
        diversity: 0 keeps the order of the scores, 1 is the most variety.
        caps: see `searcher.search.style.caps`.
        chosen: what the answer already holds; the caps and the cosines count it, the result does not repeat it.
        middle: the cosine that is 0 on the scale, below 1; see `searcher.search.explain.middle_of`.
        scored: whether relevance is the score, from 0 up, rather than the cosine with its boosts.
        once: names what is chosen once, such as the group of a product; None: each candidate.
    """
    ranked = sorted(candidates, key=lambda candidate: candidate.rank_key)
    counter = CapCounter(caps, once)
    for candidate in chosen:
        counter.add(candidate.payload)
    if diversity == 0.0:
        return _in_order(ranked, count, counter)
    relevant = _relevant(ranked, (*chosen, *ranked)[:1], middle, scored)
    taking_part = [candidate for candidate, takes_part in zip(ranked, relevant, strict=True) if takes_part]
    most = middle + (1.0 - (diversity + diversity**3) / 4) * (1.0 - middle)
    added = _greedily(taking_part, count, most, counter, chosen)
    below = [candidate for candidate, takes_part in zip(ranked, relevant, strict=True) if not takes_part]
    return added + _in_order(below, count - len(added), counter)


def _relevant(ranked: Sequence[Candidate], first: Sequence[Candidate], middle: float, scored: bool) -> list[bool]:
    """Which candidates take part in variety, by the relevance of the first product; all do where that is none."""

    def relevance(one: Candidate) -> float:
        return one.score if scored else one.similarity - middle + math.fsum(one.boosts.values())

    best = relevance(first[0]) if first else 0.0
    return [best <= 0 or round(relevance(one) - FLOOR * best, DECIMALS) >= 0 for one in ranked]


def _in_order(ranked: Sequence[Candidate], count: int, counter: CapCounter) -> list[Candidate]:
    added: list[Candidate] = []
    for candidate in ranked:
        if len(added) >= count:
            break
        if counter.admits(candidate.payload):
            counter.add(candidate.payload)
            added.append(candidate)
    return added


def _greedily(
    ranked: Sequence[Candidate], count: int, most: float, counter: CapCounter, chosen: Sequence[Candidate]
) -> list[Candidate]:
    if not ranked or count < 1:
        return []
    vectors = np.stack([candidate.vector for candidate in ranked]).astype(np.float64)
    nearest = np.full(len(ranked), -np.inf)  # the highest cosine to anything chosen
    for candidate in chosen:
        np.maximum(nearest, vectors @ candidate.vector.astype(np.float64), out=nearest)
    is_open = np.ones(len(ranked), dtype=bool)
    added: list[Candidate] = []
    while len(added) < count and is_open.any():
        # Rounded, because sums in another order must not turn a tie; of equals, the first is taken, which ranks best.
        likeness = np.round(nearest, DECIMALS)
        unlike = is_open & (likeness <= round(most, DECIMALS))
        best = int(np.argmax(unlike)) if unlike.any() else int(np.argmin(np.where(is_open, likeness, np.inf)))
        is_open[best] = False
        if counter.admits(ranked[best].payload):
            counter.add(ranked[best].payload)
            added.append(ranked[best])
            np.maximum(nearest, vectors @ vectors[best], out=nearest)
    return added
