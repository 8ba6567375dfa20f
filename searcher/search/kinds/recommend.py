"""More like these, unlike those; like this, but rather A than B: from examples to a search.

`average_vector` walks to the mean of what is liked and away from the mean of what is not: one nearest-neighbour
search, and the score is the cosine to that point. `best_score` looks at every example by itself: a product that
is very like one of the liked scores high whatever the others are, and a product nearer to a disliked one scores
negative. The strategies and discovery are those of Qdrant's documentation (Explore the data), computed here over the
``STYLE_POOL`` products nearest to what is liked, so that every engine gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter
from searcher.questions.example import Asked
from searcher.questions.kinds import Strategy
from searcher.questions.options import STYLE_POOL, Options
from searcher.search.candidate import DECIMALS, Candidate
from searcher.search.kinds import recommend_scores
from searcher.search.nearest import nearest_products
from searcher.search.published import Published
from searcher.search.search import Find, Search, Vectors, check_reach, nearest

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


def by_examples(
    published: Published, liked: Sequence[Asked], disliked: Sequence[Asked], strategy: Strategy, options: Options
) -> Search:
    """More like the first and unlike the second.

    Raises:
        UsageError: no example at all, or none that is liked for `average_vector`; an unknown strategy.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"there is no strategy {strategy!r}; give one of: {', '.join(STRATEGIES)}")
    if not liked and not disliked:
        raise UsageError("nothing is given to recommend from; give at least one example that is liked")
    query = {
        "positive": [asked.example.to_json() for asked in liked],
        "negative": [asked.example.to_json() for asked in disliked],
        "strategy": strategy,
    }
    if strategy == "average_vector":
        if not liked:
            raise UsageError("average_vector needs an example that is liked; best_score does without")
        target = recommend_scores.average_vector(_centres(liked), _centres(disliked))
        return Search(query, nearest(published, target[None], options), liked, disliked)
    positives, negatives = _stacked(liked), _stacked(disliked)
    reach = positives if positives is not None else -_required(negatives)
    find = _rescored(
        published, reach, options, lambda vectors: recommend_scores.best_score(vectors, positives, negatives)
    )
    return Search(query, find, liked, disliked)


def by_pairs(
    published: Published, target: Asked | None, context: Sequence[tuple[Asked, Asked]], options: Options
) -> Search:
    """Like the target, but rather the first than the second of each pair; without a target, the pairs alone.

    Raises:
        UsageError: neither a target nor a pair is given.
    """
    if target is None and not context:
        raise UsageError("nothing is given to discover from; give a target, or pairs of what is liked and what is not")
    query = {
        "target": None if target is None else target.example.to_json(),
        "context": [[first.example.to_json(), second.example.to_json()] for first, second in context],
    }
    firsts, seconds = [pair[0] for pair in context], [pair[1] for pair in context]
    liked = [*([] if target is None else [target]), *firsts]
    if not context:
        assert target is not None  # noqa: S101
        return Search(query, nearest(published, target.vectors, options), liked)
    better, worse = _centres(firsts), _centres(seconds)
    if target is None:
        find = _rescored(published, better, options, lambda vectors: recommend_scores.context(vectors, better, worse))
    else:
        aim = target.centre
        find = _rescored(
            published, aim[None], options, lambda vectors: recommend_scores.discovery(vectors, aim, better, worse)
        )
    return Search(query, find, liked, seconds)


def _rescored(
    published: Published, reach: Vectors, options: Options, score: Callable[[Vectors], NDArray[np.float64]]
) -> Find:
    """Candidates near the vectors ``reach``, ordered by another score of their vectors."""
    check_reach(options)

    def find(where: Filter | None, _: int) -> list[Candidate]:
        near = nearest_products(published.store, reach, STYLE_POOL, where, exact=options.exact)
        if not near:
            return []
        scores = score(np.stack([candidate.vector for candidate in near]))
        rescored = [
            replace(candidate, score=round(float(value), DECIMALS))
            for candidate, value in zip(near, scores, strict=True)
        ]
        return sorted(rescored, key=lambda candidate: candidate.rank_key)

    return find


def _centres(examples: Sequence[Asked]) -> Vectors:
    """The centre of each example, [n, dimension]."""
    return np.stack([asked.centre for asked in examples]) if examples else np.empty((0, 0), np.float32)


def _stacked(examples: Sequence[Asked]) -> Vectors | None:
    """Every photo of every example, [n, dimension]; None without examples."""
    return np.concatenate([asked.vectors for asked in examples]) if examples else None


def _required(vectors: Vectors | None) -> Vectors:
    assert vectors is not None  # noqa: S101
    return vectors
