"""Clusters: average linkage as by hand, the designs of a shop found and named, a map, and few or many by one number."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import MissingExtra, UsageError
from indexer.fields.types import FieldType
from searcher.insights.clusters.linkage import average_linkage, unique_pairs
from searcher.insights.clusters.naming import name_of, shared_values
from searcher.insights.clusters.places import choose, places
from searcher.service import SearchService
from tests.shops.indexes.blob_shop import blob_shop


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    return SearchService(blob_shop(tmp_path_factory.mktemp("clusters") / "index", products=4))


def by_hand(vectors: np.ndarray, threshold: float) -> list[set[int]]:
    """Every merge looks at every pair of clusters."""
    cosines = np.round(vectors.astype(float) @ vectors.astype(float).T, 9)
    clusters = [{row} for row in range(len(vectors))]
    while len(clusters) > 1:
        score, one, other = max(
            (round(float(cosines[np.ix_(sorted(a), sorted(b))].mean()), 6), -min(a), -min(b))
            for a in clusters
            for b in clusters
            if min(a) < min(b)
        )
        if score < threshold:
            break
        first, second = (next(c for c in clusters if min(c) == -m) for m in (one, other))
        clusters = [c for c in clusters if c not in (first, second)] + [first | second]
    return sorted(clusters, key=min)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(0, 1000), st.floats(-0.5, 0.95))
def test_average_linkage_is_what_comparing_all_pairs_gives(count: int, seed: int, threshold: float) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = unique_pairs(np.array([(a, b) for a in range(count) for b in range(count)], np.int64))
    label = average_linkage(vectors, pairs, threshold)
    found = [set(np.flatnonzero(label == number).tolist()) for number in range(label.max() + 1)]
    assert found == by_hand(vectors, threshold)
    assert np.array_equal(label, average_linkage(vectors, unique_pairs(pairs[::-1, ::-1]), threshold))


def test_what_has_no_pair_is_never_joined() -> None:
    vectors = np.ones((3, 2), np.float32) / np.sqrt(np.float32(2))
    assert average_linkage(vectors, np.array([[0, 2]]), 0.5).tolist() == [0, 1, 0]
    assert average_linkage(vectors, np.zeros((0, 2), np.int64), 0.5).tolist() == [0, 1, 2]


def test_the_designs_of_a_shop_are_found(service: SearchService) -> None:
    report = service.clusters()
    assert report.assignments()
    for cluster in report.clusters:
        assert {product[:4] for product in cluster.product_ids} == {cluster.id[:4]}, "one design a cluster"
        assert cluster.id == cluster.medoid.product_id == cluster.product_ids[0]
        assert cluster.size == len(cluster.product_ids)
        assert cluster.medoid.cosine == 1.0
        assert 0.5 < cluster.cohesion <= 1.0
    counts = report.summary()
    assert counts["clustered"] + counts["alone"] == counts["products"] == 60
    assert counts["clustered"] >= 40
    names = {cluster.name for cluster in report.clusters if cluster.id.startswith("C0D0")}
    assert names == {"gold designa fine kind 0"} or names == {"gold fine designa kind 0"}


def test_the_same_clusters_again(service: SearchService) -> None:
    assert service.clusters().to_json()["clusters"] == service.clusters().to_json()["clusters"]


def test_granularity_goes_from_few_to_many(service: SearchService) -> None:
    counts = [service.clusters(granularity=g).summary() for g in (0.0, 0.3, 0.8, 1.0)]
    thresholds = [count["threshold"] for count in counts]
    assert thresholds == sorted(thresholds)
    assert counts[0]["alone"] <= 6, "an average may fall below every product's nearest"
    assert counts[-1]["alone"] >= 57
    alone = [count["alone"] for count in counts]
    assert alone == sorted(alone)


def test_hidden_clusters_count_and_are_assigned(service: SearchService) -> None:
    whole, some = service.clusters(), service.clusters(limit=2)
    assert some.assignments() == whole.assignments()
    assert some.summary() | {"shown": 0} == whole.summary() | {"shown": 0}
    assert len(some.to_json()["clusters"]) == 2
    assert sum(row["medoid"] for row in some.rows()) == 2


def test_a_cluster_keeps_to_one_category_and_a_filter(service: SearchService) -> None:
    report = service.clusters(["category=kind 1"], granularity=0.0)
    assert {product[:2] for product in report.assignments()} == {"C1"}
    assert report.judged_ids == tuple(sorted(report.judged_ids))
    assert len(report.judged_ids) == 20


def test_products_of_one_photo_and_no_products(tmp_path: Path) -> None:
    single = SearchService(blob_shop(tmp_path / "index", photos=1))
    assert single.clusters().summary()["clusters"] > 5
    nothing = single.clusters(["category=kind 0", "category=kind 1"], map_size=10)
    assert (nothing.clusters, nothing.places, nothing.products) == ((), (), 0)
    single.close()


def test_a_map_has_the_middles_and_the_same_places_again(service: SearchService) -> None:
    pytest.importorskip("sklearn")
    report = service.clusters(map_size=30)
    assert len(report.places) == 30
    shown = {place.photo.product_id: place.cluster for place in report.places}
    assert {cluster.id for cluster in report.clusters} <= set(shown)
    assert all(report.assignments().get(product) == cluster for product, cluster in shown.items())
    assert all(0.0 <= place.x <= 1.0 and 0.0 <= place.y <= 1.0 for place in report.places)
    assert report.to_json()["map"] == service.clusters(map_size=30).to_json()["map"]


def test_a_map_without_scikit_learn_names_the_extra(monkeypatch: pytest.MonkeyPatch, service: SearchService) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    assert len(places(np.eye(3, dtype=np.float32))) == 3
    with pytest.raises(MissingExtra, match=r"scikit-learn is not installed.*reports"):
        service.clusters(map_size=30)


def test_the_sample_of_a_map() -> None:
    assert choose(100, [7, 3, 7], 2) == [3, 7]
    assert choose(4, [1], 10) == [0, 1, 2, 3]
    assert {5, 6} <= set(choose(100, [5, 6], 20))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"granularity": 1.1}, "granularity is 1.1"), ({"limit": -1}, "limit is -1"), ({"map_size": 9999}, "map_size")],
)
def test_what_makes_no_sense_is_refused(service: SearchService, wrong: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        service.clusters(**wrong)  # type: ignore[arg-type]


def test_names_say_what_most_share() -> None:
    table = {"metal": FieldType.KEYWORD, "stone": FieldType.KEYWORD, "title": FieldType.TEXT}
    payloads = [
        {"category": "rings", "metal": ["gold"], "stone": "ruby", "title": "Solitaire ring with a ruby"},
        {"category": "rings", "metal": ["gold", "silver"], "stone": "ruby", "title": "Gold solitaire ring"},
        {"category": "rings", "metal": "silver", "stone": "none", "title": None},
    ]
    shared = shared_values(payloads, table)
    assert shared == {"category": "rings", "metal": "gold", "stone": "ruby"}
    assert name_of(payloads, shared) == "gold solitaire rings, ruby"
    assert name_of([{}, {}], shared_values([{}, {}], table)) == "products"
    assert name_of(payloads[2:], shared_values(payloads[2:], table)) == "silver rings"
