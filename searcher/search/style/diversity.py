"""Diversity: choose products that are alike to the question and unlike each other, under caps.

Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998, pages 335-336). Greedily, the next product is the
one with the highest

    (1 - d) · score  -  d · max cosine(its photo, the photos of the products chosen before it)

where d is the diversity in [0, 1] and the score that of the candidate, boosts included. The authors' λ is 1 - d.
The first product is always the best one. Each choice depends only on the choices before it, so the answer of n
products is the beginning of the answer of n + 1, and pages fit together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from searcher.search.ground.candidate import DECIMALS, Candidate
from searcher.search.style.caps import Cap, CapCounter


def diversify(
    candidates: Sequence[Candidate],
    count: int,
    diversity: float = 0.0,
    caps: Sequence[Cap] = (),
    chosen: Sequence[Candidate] = (),
) -> list[Candidate]:
    """Choose up to ``count`` products, in the order they are to be shown.

    Fewer come back when the candidates run out or the caps leave no more. Equal marginal relevance goes by
    score and then product id, whatever order the candidates come in.

    Args:
        candidates: products, each once, with vectors of unit length and none of them in ``chosen``.
        count: how many to choose.
        diversity: 0 keeps the order of the scores, 1 looks at nothing but difference.
        caps: see `searcher.search.style.caps`.
        chosen: what the answer already holds; the caps and the cosines count it, the result does not repeat it.
    """
    ranked = sorted(candidates, key=lambda candidate: candidate.rank_key)
    counter = CapCounter(caps)
    for candidate in chosen:
        counter.add(candidate.payload)
    if diversity == 0.0:
        return _in_order(ranked, count, counter)
    return _greedily(ranked, count, diversity, counter, chosen)


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
    ranked: Sequence[Candidate], count: int, diversity: float, counter: CapCounter, chosen: Sequence[Candidate]
) -> list[Candidate]:
    if not ranked or count < 1:
        return []
    vectors = np.stack([candidate.vector for candidate in ranked]).astype(np.float64)
    relevance = (1.0 - diversity) * np.array([candidate.score for candidate in ranked])
    nearest = np.full(len(ranked), -np.inf)  # the highest cosine to anything chosen
    for candidate in chosen:
        np.maximum(nearest, vectors @ candidate.vector.astype(np.float64), out=nearest)
    is_open = np.ones(len(ranked), dtype=bool)
    added: list[Candidate] = []
    while len(added) < count and is_open.any():
        penalty = diversity * nearest if added or chosen else 0.0
        # Rounded, because sums in another order must not turn a tie; argmax takes the first, which ranks best.
        marginal = np.round(relevance - penalty, DECIMALS)
        best = int(np.argmax(np.where(is_open, marginal, -np.inf)))
        is_open[best] = False
        if counter.admits(ranked[best].payload):
            counter.add(ranked[best].payload)
            added.append(ranked[best])
            np.maximum(nearest, vectors @ vectors[best], out=nearest)
    return added
