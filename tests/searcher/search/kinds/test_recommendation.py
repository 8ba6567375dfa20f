"""Recommendation scores are those of Qdrant: of its client's local mode, and of its own engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from indexer.errors import UsageError
from searcher.search.kinds.recommend_scores import average_vector, best_score, context, discovery

DIMENSION, COUNT = 24, 300
FLOAT32_ERROR = 2e-6
Rows = NDArray[np.float32]


def units(n: int, seed: int) -> Rows:
    drawn = np.random.default_rng(seed).normal(size=(n, DIMENSION))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


VECTORS = units(COUNT, 1)
LIKED, DISLIKED, BETTER, WORSE, TARGET = (units(n, seed) for seed, n in ((2, 3), (3, 2), (4, 4), (5, 4), (6, 1)))
NONE = np.empty((0, 0), np.float32)


class Reference(Protocol):
    """Scores of all `VECTORS`, in their order, as another implementation has them."""

    def best(self, liked: Rows, disliked: Rows) -> NDArray[np.float64]: ...
    def context(self, better: Rows, worse: Rows) -> NDArray[np.float64]: ...
    def discover(self, target: Rows, better: Rows, worse: Rows) -> NDArray[np.float64]: ...


class LocalMode:
    """qdrant-client over ``:memory:``."""

    def __init__(self) -> None:
        from qdrant_client import QdrantClient, models

        self.models: Any = models
        self.client = QdrantClient(":memory:")
        config = models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
        self.client.create_collection("photos", vectors_config=config)
        self.client.upsert("photos", [models.PointStruct(id=i, vector=v.tolist()) for i, v in enumerate(VECTORS)])

    def ask(self, query: Any) -> NDArray[np.float64]:
        points = self.client.query_points("photos", query=query, limit=COUNT).points
        return np.array([point.score for point in sorted(points, key=lambda point: int(point.id))])

    def recommend(self, liked: Rows, disliked: Rows, strategy: str) -> NDArray[np.float64]:
        asked = self.models.RecommendInput(
            positive=liked.tolist(), negative=disliked.tolist(), strategy=self.models.RecommendStrategy(strategy)
        )
        return self.ask(self.models.RecommendQuery(recommend=asked))

    def average(self, liked: Rows, disliked: Rows) -> NDArray[np.float64]:
        return self.recommend(liked, disliked, "average_vector")

    def best(self, liked: Rows, disliked: Rows) -> NDArray[np.float64]:
        return self.recommend(liked, disliked, "best_score")

    def pairs(self, better: Rows, worse: Rows) -> list[Any]:
        both = zip(better, worse, strict=True)
        return [self.models.ContextPair(positive=b.tolist(), negative=w.tolist()) for b, w in both]

    def context(self, better: Rows, worse: Rows) -> NDArray[np.float64]:
        return self.ask(self.models.ContextQuery(context=self.pairs(better, worse)))

    def discover(self, target: Rows, better: Rows, worse: Rows) -> NDArray[np.float64]:
        asked = self.models.DiscoverInput(target=target[0].tolist(), context=self.pairs(better, worse))
        return self.ask(self.models.DiscoverQuery(discover=asked))


class EmbeddedEngine:
    """Qdrant's own code, in the process; it has no average-vector recommendation."""

    def __init__(self, folder: Path) -> None:
        import qdrant_edge as edge

        self.edge: Any = edge
        config = edge.EdgeConfig(
            vectors={"image": edge.EdgeVectorParams(size=DIMENSION, distance=edge.Distance.Cosine)}, wal_enabled=False
        )
        self.shard = edge.EdgeShard.create(str(folder), config)
        points = [edge.Point(id=i, vector={"image": v.tolist()}) for i, v in enumerate(VECTORS)]
        self.shard.update(edge.UpdateOperation.upsert_points(points))

    def ask(self, query: Any) -> NDArray[np.float64]:
        params = self.edge.SearchParams(exact=True)
        hits = self.shard.query(self.edge.QueryRequest(limit=COUNT, query=query, params=params))
        return np.array([hit.score for hit in sorted(hits, key=lambda hit: int(hit.id))])

    def best(self, liked: Rows, disliked: Rows) -> NDArray[np.float64]:
        asked = self.edge.RecommendQuery(liked.tolist(), disliked.tolist())
        return self.ask(self.edge.Query.RecommendBestScore(asked, using="image"))

    def pairs(self, better: Rows, worse: Rows) -> list[Any]:
        return [self.edge.ContextPair(b.tolist(), w.tolist()) for b, w in zip(better, worse, strict=True)]

    def context(self, better: Rows, worse: Rows) -> NDArray[np.float64]:
        return self.ask(self.edge.Query.Context(self.edge.ContextQuery(self.pairs(better, worse)), using="image"))

    def discover(self, target: Rows, better: Rows, worse: Rows) -> NDArray[np.float64]:
        asked = self.edge.DiscoverQuery(target[0].tolist(), self.pairs(better, worse))
        return self.ask(self.edge.Query.Discover(asked, using="image"))


@pytest.fixture(scope="module")
def local_mode() -> Iterator[LocalMode]:
    local = LocalMode()
    yield local
    local.client.close()


@pytest.fixture(scope="module")
def embedded_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    embedded = EmbeddedEngine(tmp_path_factory.mktemp("reference") / "shard")
    yield embedded
    embedded.shard.close()


@pytest.fixture(scope="module", params=["local_mode", "embedded_engine"])
def reference(request: pytest.FixtureRequest) -> Reference:
    made: Reference = request.getfixturevalue(request.param)
    return made


@pytest.mark.parametrize("disliked", [NONE, DISLIKED], ids=["liked alone", "both"])
def test_average_vector_is_qdrants(local_mode: LocalMode, disliked: Rows) -> None:
    found = VECTORS.astype(np.float64) @ average_vector(LIKED, disliked)
    assert found == pytest.approx(local_mode.average(LIKED, disliked), abs=FLOAT32_ERROR)


@pytest.mark.parametrize(
    ("liked", "disliked"), [(LIKED, DISLIKED), (LIKED, NONE), (NONE, DISLIKED)], ids=["both", "liked", "disliked"]
)
def test_best_score_is_qdrants(reference: Reference, liked: Rows, disliked: Rows) -> None:
    found = best_score(VECTORS, liked, disliked)
    assert found == pytest.approx(reference.best(liked, disliked), abs=FLOAT32_ERROR)
    assert found.dtype == np.float64
    assert len(set(np.sign(found))) == (2 if len(liked) and len(disliked) else 1), "both sides occur"


@pytest.mark.parametrize("pairs", [1, 4])
def test_context_is_qdrants(reference: Reference, pairs: int) -> None:
    found = context(VECTORS, BETTER[:pairs], WORSE[:pairs])
    assert found == pytest.approx(reference.context(BETTER[:pairs], WORSE[:pairs]), abs=pairs * FLOAT32_ERROR)
    assert (found == 0.0).any()
    assert (found < 0.0).any()


@pytest.mark.parametrize("pairs", [1, 4])
def test_discovery_is_qdrants(reference: Reference, pairs: int) -> None:
    found = discovery(VECTORS, TARGET[0], BETTER[:pairs], WORSE[:pairs])
    assert found == pytest.approx(reference.discover(TARGET, BETTER[:pairs], WORSE[:pairs]), abs=FLOAT32_ERROR)
    assert len(set(np.floor(found))) == pairs + 1


COORDINATE = st.integers(-3, 3).map(float)
ROWS = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(4)), elements=COORDINATE).filter(
    lambda rows: bool(np.linalg.norm(rows, axis=1).all())
)


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(ROWS, ROWS, ROWS)
def test_scores_stay_in_their_documented_ranges(a: Rows, b: Rows, c: Rows) -> None:
    vectors, liked, disliked = unit(a), unit(b), unit(c)
    best = best_score(vectors, liked, disliked)
    assert (((best >= 0.25) & (best <= 0.75)) | ((best >= -0.75) & (best <= -0.25))).all()
    pairs = min(len(liked), len(disliked))
    better, worse = liked[:pairs], disliked[:pairs]
    assert (context(vectors, better, worse) <= 0).all()
    assert (context(vectors, better, worse) >= pairs * (-2 / 3 - 1e-6)).all()
    found = discovery(vectors, liked[0], better, worse)
    assert ((found >= -pairs + 0.25) & (found <= pairs + 0.75)).all()


@given(ROWS, ROWS, ROWS, st.randoms(use_true_random=False))
def test_the_order_of_candidates_and_examples_does_not_matter(a: Rows, b: Rows, c: Rows, random: Any) -> None:
    vectors, liked, disliked = unit(a), unit(b), unit(c)
    order = random.sample(range(len(vectors)), len(vectors))
    assert (
        best_score(vectors[order], liked[::-1], disliked[::-1]) == best_score(vectors, liked, disliked)[order]
    ).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_pair_of_equals_decides_nothing(n: int) -> None:
    same = np.repeat(LIKED[:1], n, axis=0)
    likeness = discovery(VECTORS, TARGET[0], NONE, NONE)
    assert (discovery(VECTORS, TARGET[0], same, same) == likeness).all()
    assert context(VECTORS, same, same) == pytest.approx(0.0, abs=n * 2e-7)
    assert (best_score(VECTORS, LIKED, LIKED) < 0).all(), "a draw goes to what is disliked"


def test_best_score_finds_both_of_two_unlike_examples_where_the_average_finds_what_is_between() -> None:
    """Qdrant's documentation has it so; designs are the corners of a right angle."""
    first, second = np.eye(DIMENSION, dtype=np.float32)[:2]
    between = ((first + second) / np.sqrt(2)).astype(np.float32)
    vectors, liked = np.stack([first, second, between]), np.stack([first, second])
    by_best, by_average = best_score(vectors, liked), vectors @ average_vector(liked)
    assert by_best[0] == by_best[1] > by_best[2]
    assert by_average[2] > by_average[0]


def test_average_vector_is_a_unit_vector_for_the_store() -> None:
    found = average_vector(LIKED, DISLIKED)
    assert found.dtype == np.float32
    assert found.shape == (DIMENSION,)
    assert np.linalg.norm(found.astype(np.float64)) == pytest.approx(1.0, abs=1e-6)


def test_no_candidates_have_no_scores() -> None:
    empty = np.empty((0, DIMENSION), np.float32)
    for found in (
        best_score(empty, LIKED, DISLIKED),
        context(empty, BETTER, WORSE),
        discovery(empty, TARGET[0], BETTER, WORSE),
    ):
        assert found.shape == (0,)


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda: average_vector(NONE, DISLIKED), "needs at least one example that is liked"),
        (lambda: average_vector(np.stack([LIKED[0], -LIKED[0]])), "cancel each other out"),
        (lambda: average_vector(LIKED[:1], 2 * LIKED[:1]), "cancel each other out"),
        (lambda: best_score(VECTORS, None), "nothing is given"),
        (lambda: best_score(VECTORS, NONE, NONE), "nothing is given"),
    ],
)
def test_what_points_nowhere_is_refused(ask: Callable[[], object], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        ask()
