from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from indexer.errors import StoreError, UsageError, VectorError
from indexer.fields.types import FieldType
from searcher.search.explain import likeness, percentile, sample_vectors
from tests.congruence.both_stores import ENGINES, filled, open_engine, unit_vectors
from tests.congruence.engines import STAND_IN_WARNINGS, AnyStore

pytestmark = [pytest.mark.filterwarnings(message) for message in STAND_IN_WARNINGS]
TABLE = {"price": FieldType.NUMBER}
PHOTOS = 60


@pytest.fixture(scope="module", params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyStore]:
    payloads = [{"product_id": f"P{number}"} for number in range(PHOTOS)]
    with (
        open_engine(request.param, tmp_path_factory.mktemp("shards")) as engine,
        filled(engine, TABLE, payloads) as made,
    ):
        yield made


def test_the_sample_is_the_first_vectors_in_order_of_id(store: AnyStore) -> None:
    stored = {point.id: point.vector for point in store.scroll(vectors=True)}
    expected = np.stack([stored[name] for name in sorted(stored)[:20]])  # type: ignore[arg-type]
    np.testing.assert_allclose(sample_vectors(store, 20), expected, atol=1e-6)
    assert sample_vectors(store).shape == (PHOTOS, 128)


@pytest.mark.parametrize("score", [-1.0, -0.05, 0.0, 0.07, 0.2, 1.0])
@pytest.mark.parametrize("photos", [1, 3])
def test_the_percentile_is_what_a_plain_loop_counts(store: AnyStore, score: float, photos: int) -> None:
    sample, queries = sample_vectors(store), unit_vectors(photos, seed=5)
    alike = [max(float(np.dot(row.astype(float), query.astype(float))) for query in queries) for row in sample]
    assert percentile(likeness(sample, queries), score) == sum(cosine < score for cosine in alike) / PHOTOS


def test_a_photo_is_not_less_alike_than_its_own_score(store: AnyStore) -> None:
    sample = sample_vectors(store)
    alike = likeness(sample, sample[:1])
    assert percentile(alike, 1.0) == (PHOTOS - 1) / PHOTOS
    longer = likeness(sample, 7 * sample[:1])
    assert percentile(longer, 1.0) == (PHOTOS - 1) / PHOTOS, "the query's length does not matter"
    assert percentile(alike, 1.1) == 1.0


def test_what_cannot_be_ranked_is_refused(store: AnyStore) -> None:
    sample = sample_vectors(store, 5)
    with pytest.raises(VectorError, match="NaN"):
        likeness(sample, np.full((1, 128), np.nan, np.float32))
    with pytest.raises(VectorError, match="shape"):
        likeness(sample, np.ones((1, 3), np.float32))
    with pytest.raises(UsageError, match="one query vector or more"):
        likeness(sample, np.ones((0, 128), np.float32))
    with pytest.raises(UsageError, match="not a finite number"):
        percentile(likeness(sample, sample), float("nan"))
    with pytest.raises(UsageError, match="1 vector or more"):
        sample_vectors(store, 0)


@pytest.mark.parametrize("name", ENGINES)
def test_an_empty_generation_says_so(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        open_engine(name, tmp_path_factory.mktemp("empty")) as engine,
        filled(engine, TABLE, []) as empty,
        pytest.raises(StoreError, match="no vectors"),
    ):
        sample_vectors(empty)
