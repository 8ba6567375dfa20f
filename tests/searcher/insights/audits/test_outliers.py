"""Outliers: what stands out is found and told apart, and where nothing does, nothing is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.errors import UsageError
from indexer.labels.neighbours import Neighbours
from searcher.insights.audits.answers import Oddity
from searcher.insights.audits.outliers import deviations, disagreement, far_from_others, score_of
from searcher.insights.gallery import read_gallery
from searcher.service import SearchService
from tests.shops.indexes.blob_shop import blob_shop
from tests.shops.indexes.built_index import DIMENSION


def lonely(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    replaced = {"C0D0P0/0.jpg": lonely(5), "C0D0P0/1.jpg": lonely(5), "C1D2P1/1.jpg": lonely(6)}
    change = {"C1D2P1": {"predicted_category": "kind 0"}}
    index = blob_shop(tmp_path_factory.mktemp("outliers") / "index", products=5, replaced=replaced, change=change)
    return SearchService(index)


def test_a_photo_far_from_everything_is_found(service: SearchService) -> None:
    report = service.outliers()
    odd = [*report.no_jewelry, *report.far]
    assert {entry.product_id for entry in odd[:2]} <= {"C0D0P0", "C1D2P1"}
    assert "C0D0P0" in {entry.product_id for entry in odd}
    assert odd[0].z >= 3.0
    assert odd[0].cosine < report.usual["neighbour_cosine"]
    assert "alike on average" in odd[0].reasons[0]


def test_a_product_whose_photos_disagree_is_found_with_the_odd_photo(service: SearchService) -> None:
    first, *others = service.outliers().disagreeing
    assert (first.product_id, first.oddity, others) == ("C1D2P1", Oddity.DISAGREEING, [])
    assert {first.photo.path, first.neighbours[0].photo.path} == {"C1D2P1/0.jpg", "C1D2P1/1.jpg"}
    assert "only" in first.reasons[0]


def test_nobody_is_both_far_and_no_jewelry(service: SearchService) -> None:
    report = service.outliers()
    assert not {e.product_id for e in report.far} & {e.product_id for e in report.no_jewelry}
    document = report.to_json()
    assert document["kind"] == "outliers"
    assert [entry["oddity"] for entry in document["entries"]] == [str(e.oddity) for e in report.entries]
    assert len(report.rows()) == len(report.entries)


def test_a_filter_says_who_is_judged(service: SearchService) -> None:
    report = service.outliers(["category=kind 2"])
    assert {entry.product_id[:2] for entry in report.entries} <= {"C2"}
    assert report.products == 25
    with pytest.raises(UsageError, match="limit is -1"):
        service.outliers(limit=-1)


def test_where_all_is_alike_nothing_stands_out(tmp_path: Path) -> None:
    same = {f"C0D{d}P{p}/0.jpg": lonely(1) for d in range(5) for p in range(3)}
    service = SearchService(blob_shop(tmp_path / "index", categories=1, photos=1, replaced=same))
    report = service.outliers()
    assert report.entries == ()
    assert report.summary()["usual"]["neighbour_cosine"] == pytest.approx(1.0, abs=1e-5)
    service.close()


def test_an_index_of_one_product(tmp_path: Path) -> None:
    service = SearchService(blob_shop(tmp_path / "index", categories=1, designs=1, products=1))
    assert service.outliers().entries == ()
    service.close()


def test_deviations_are_those_of_the_median() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 100.0, np.nan])
    assert deviations(values) == pytest.approx([-1.349, -0.6745, 0, 0.6745, 65.42, 0], abs=0.01)
    assert deviations(np.full(3, np.nan)).tolist() == [0.0, 0.0, 0.0]
    assert [score_of(-2.0), score_of(3.0)] == [0.0, 0.5]


def test_no_neighbours_is_no_distance() -> None:
    distance, z = far_from_others(Neighbours(np.full((2, 3), -1), np.full((2, 3), -1, np.float32)))
    assert np.isnan(distance).all()
    assert z.tolist() == [0.0, 0.0]


def test_the_least_alike_photos_are_what_a_plain_loop_finds(service: SearchService) -> None:
    gallery = read_gallery(service.published().store)
    lowest, _, pairs = disagreement(gallery)
    for product in range(len(gallery.products)):
        rows = range(gallery.starts[product], gallery.starts[product + 1])
        plain = min(float(gallery.vectors[a] @ gallery.vectors[b]) for a in rows for b in rows if a < b)
        assert lowest[product] == pytest.approx(plain, abs=1e-5)
        assert set(pairs[product]) <= set(rows)
