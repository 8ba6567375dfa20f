"""More like these, unlike those; like this, but rather A than B: from examples to a search.

`average_vector` walks to the mean of what is liked and away from the mean of what is not: one nearest-neighbour
search, and the score is the cosine to that point. `best_score` looks at every example by itself: a product that
is very like one of the liked scores high whatever the others are, and a product nearer to a disliked one scores
negative. The strategies and discovery are those of Qdrant's documentation (Explore the data), computed here over the
``STYLE_POOL`` products nearest to what is liked, so that every engine gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter
from searcher.questions.declared import checked
from searcher.questions.example import Asked
from searcher.questions.kinds import RecommendOptions, Strategy
from searcher.questions.options import STYLE_POOL
from searcher.search.ground.candidate import DECIMALS, Candidate
from searcher.search.kinds import recommend_scores
from searcher.search.kinds.question import Asking, Find, Question, Search, Vectors


@dataclass(frozen=True, kw_only=True)
class Recommend(Question):
    """More like what is liked and unlike what is not.

    Raises:
        UsageError: no example at all, or none that is liked for `average_vector`; an unknown strategy.
    """

    strategy: Strategy

    def __post_init__(self) -> None:
        checked(RecommendOptions, strategy=self.strategy)
        if not self.liked and not self.disliked:
            raise UsageError("nothing is given to recommend from; give at least one example that is liked")
        if not self.liked and self.strategy == "average_vector":
            raise UsageError("average_vector needs an example that is liked; best_score does without")

    def check(self, asking: Asking) -> None:
        """`best_score` orders no more products than are scored anew."""
        if self.strategy == "best_score":
            asking.check_reach()

    def search(self, asking: Asking) -> Search:
        """See `Question.search`."""
        liked, disliked = asking.liked, asking.disliked
        query = {
            "positive": [example.to_json() for example in self.liked],
            "negative": [example.to_json() for example in self.disliked],
            "strategy": self.strategy,
        }
        if self.strategy == "average_vector":
            target = recommend_scores.average_vector(_centres(liked), _centres(disliked))
            return Search(query, asking.nearest(target[None]), liked, disliked)
        positives, negatives = _stacked(liked), _stacked(disliked)
        reach = positives if positives is not None else -_required(negatives)
        find = _rescored(asking, reach, lambda vectors: recommend_scores.best_score(vectors, positives, negatives))
        return Search(query, find, liked, disliked)


@dataclass(frozen=True, kw_only=True)
class Discover(Question):
    """Like the target, but rather the first than the second of each pair; without a target, the pairs alone.

    Liked are the target, where there is one, and the first of each pair; disliked are the second ones.

    Raises:
        UsageError: neither a target nor a pair is given.
    """

    def __post_init__(self) -> None:
        if not self.liked:
            raise UsageError(
                "nothing is given to discover from; give a target, or pairs of what is liked and what is not"
            )

    def check(self, asking: Asking) -> None:
        """Pairs order no more products than are scored anew."""
        if self.disliked:
            asking.check_reach()

    def search(self, asking: Asking) -> Search:
        """See `Question.search`."""
        liked, disliked = asking.liked, asking.disliked
        targets = len(liked) - len(disliked)
        pairs = zip(self.liked[targets:], self.disliked, strict=True)
        query = {
            "target": self.liked[0].to_json() if targets else None,
            "context": [[first.to_json(), second.to_json()] for first, second in pairs],
        }
        if not disliked:
            return Search(query, asking.nearest(liked[0].vectors), liked)
        better, worse = _centres(liked[targets:]), _centres(disliked)
        if not targets:
            find = _rescored(asking, better, lambda vectors: recommend_scores.context(vectors, better, worse))
        else:
            aim = liked[0].centre
            find = _rescored(asking, aim[None], lambda vectors: recommend_scores.discovery(vectors, aim, better, worse))
        return Search(query, find, liked, disliked)


def _rescored(asking: Asking, reach: Vectors, score: Callable[[Vectors], NDArray[np.float64]]) -> Find:
    """Candidates near the vectors ``reach``, ordered by another score of their vectors."""

    def find(where: Filter | None, _: int) -> list[Candidate]:
        near = asking.near(reach, STYLE_POOL, where)
        if not near:
            return []
        scores = score(asking.compared(near))
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
