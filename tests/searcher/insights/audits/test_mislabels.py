"""Mislabels: planted wrong labels come first, and copies do not vouch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.errors import FilterError, UsageError
from indexer.labels.neighbours import Neighbours
from searcher.insights.audits.mislabels import judge_labels, votes_of
from searcher.insights.gallery import Gallery, nearest_photos, read_gallery
from searcher.service import SearchService
from tests.shops.indexes.blob_shop import blob_shop

WRONG = {"C0D1P0": {"category": "kind 2"}, "C2D3P1": {"category": "kind 1"}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    return SearchService(blob_shop(tmp_path_factory.mktemp("mislabels") / "index", change=WRONG))


def gallery_of(vectors: np.ndarray, product: list[int], pixels: list[str] | None = None) -> Gallery:
    payloads = [
        {"product_id": f"P{p}", "photo": {"pixel_sha256": (pixels or [""] * len(product))[row]}}
        for row, p in enumerate(product)
    ]
    return Gallery(
        tuple(map(str, range(len(product)))),
        vectors.astype(np.float32),
        tuple(f"P{p}" for p in range(max(product) + 1)),
        np.array(product, np.int64),
        tuple(payloads),
    )


def test_wrong_labels_come_first_with_the_right_suggestion(service: SearchService) -> None:
    report = service.mislabels()
    assert {e.product_id: e.suggested for e in report.entries} == {"C0D1P0": "kind 0", "C2D3P1": "kind 2"}
    assert min(entry.score for entry in report.entries) > 0.8
    assert (report.suspected, report.products, report.photos) == (2, 45, 90)
    assert sum(report.by_category.values()) == 45
    scores = [entry.score for entry in report.entries]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_reasons_are_neighbours_of_other_products(service: SearchService) -> None:
    first = service.mislabels(limit=1).entries[0]
    assert first.neighbours
    assert first.product_id not in {near.photo.product_id for near in first.neighbours}
    cosines = [near.cosine for near in first.neighbours]
    assert cosines == sorted(cosines, reverse=True)
    assert first.payload["metal"] in (["gold"], ["silver"])
    assert first.reasons[0].startswith("Of the 10 nearest products ")
    told = f"about {min(first.score, 0.99):.0%} are wrong."
    assert first.reasons[1] == f"Of labels in this catalog with so much against them {told}"


def test_the_words_follow_the_figures(service: SearchService) -> None:
    """A row is there only where the suggested category is likelier than the given one by the row's own figures."""
    report = service.mislabels()
    assert report.entries
    for entry in report.entries:
        assert entry.suggested_probability > entry.label_probability
        assert entry.label_probability == pytest.approx(1.0 - entry.score)
        assert entry.suggested_probability <= entry.score
        assert [near.photo.category for near in entry.neighbours].count(entry.suggested) > 0


def test_a_clean_catalog_has_no_rows(tmp_path: Path) -> None:
    clean = SearchService(blob_shop(tmp_path / "index"))
    report = clean.mislabels()
    assert (report.suspected, report.entries, report.products) == (0, (), 45)
    clean.close()


def test_a_piece_like_no_other_is_not_called_something_else(tmp_path: Path) -> None:
    """It is nearest to another category, which says little: it is near to nothing."""
    store = blob_shop(tmp_path / "plain").read()
    gallery = read_gallery(store)
    store.close()
    ids = np.array([p[:2] for p in gallery.products])[gallery.product]
    towards = gallery.vectors[ids == "C2"].mean(axis=0)
    lone = np.random.default_rng(3).normal(size=towards.shape)
    vector = (0.35 * towards / np.linalg.norm(towards) + lone / np.linalg.norm(lone)).astype(np.float32)
    replaced = {f"C0D0P0/{rank}.jpg": vector for rank in range(2)}
    service = SearchService(blob_shop(tmp_path / "index", replaced=replaced))
    judged = judge_labels(service.published())
    assert judged.judgement.wrong[judged.gallery.products.index("C0D0P0")] < 0.5
    assert "C0D0P0" not in {entry.product_id for entry in service.mislabels().entries}
    service.close()


def test_the_same_report_again(service: SearchService) -> None:
    assert service.mislabels().to_json()["entries"] == service.mislabels().to_json()["entries"]


def test_a_filter_says_who_is_judged_and_not_who_is_learned_from(service: SearchService) -> None:
    some, whole = service.mislabels(["category=kind 2"]), service.mislabels()
    scores = {entry.product_id: entry.score for entry in whole.entries}
    assert {entry.product_id: entry.score for entry in some.entries} == {"C0D1P0": scores["C0D1P0"]}
    assert (some.products, some.suspected) == (15, 1)
    assert service.mislabels(limit=1).summary()["shown"] == 1


def test_what_makes_no_sense_is_refused(service: SearchService, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="limit is -1"):
        service.mislabels(limit=-1)
    with pytest.raises(FilterError, match="nothing_here"):
        service.mislabels("nothing_here=1")
    alone = SearchService(blob_shop(tmp_path / "index", categories=1))
    with pytest.raises(UsageError, match="its products are of 1 categories; labels can be compared from two on"):
        alone.mislabels()
    alone.close()


def test_products_without_a_category_are_named_and_not_judged(tmp_path: Path) -> None:
    service = SearchService(blob_shop(tmp_path / "index", change={"C1D1P1": {"category": None}}))
    report = service.mislabels()
    assert report.products == 44
    assert "C1D1P1" not in {entry.product_id for entry in report.entries}
    assert report.notes[0] == "2 photos have no category and were not judged."
    service.close()


def test_a_copy_with_the_same_label_does_not_vouch() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.9, 0.1], [0, 1]], np.float32)
    gallery = gallery_of(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), [0, 1, 2, 3], ["a", "a", "b", "c"])
    near = Neighbours(np.array([[1, 2], [0, 2], [0, 1], [2, 0]]), np.array([[1, 0.99]] * 2 + [[0.99, 0.99], [0.1, 0]]))
    votes = votes_of(gallery, near, np.array([0, 0, 1, 1]), 2)
    assert votes[0].tolist() == [0.0, 1.0]
    assert votes_of(gallery, near, np.array([0, 1, 1, 1]), 2)[0].tolist() == [0.0, 1.0]
    assert votes[2].tolist() == [1.0, 0.0]


def test_neighbours_are_what_a_plain_loop_finds(service: SearchService) -> None:
    store = service.published().store
    gallery = read_gallery(store)
    found = nearest_photos(store, gallery, 4)
    for row in range(0, len(gallery), 7):
        best: dict[int, tuple[float, int]] = {}
        for other in range(len(gallery)):
            product = int(gallery.product[other])
            if product != gallery.product[row]:
                key = (-round(float(gallery.vectors[other] @ gallery.vectors[row]), 5), other)
                best[product] = min(best.get(product, (9.0, 0)), key)
        wanted = [-score for score, _ in sorted(best.values())[:4]]
        assert found.cosines[row] == pytest.approx(wanted, abs=2e-5)
        assert len(set(gallery.product[found.rows[row]])) == 4
