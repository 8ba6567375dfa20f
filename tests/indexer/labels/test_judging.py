"""No label has a say in its own judgement: copies stay in one fold, and the others tell which labels are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.labels.classifier import out_of_sample
from indexer.labels.folds import make_folds
from indexer.labels.judging import judge
from indexer.labels.neighbours import Neighbours, nearest_of_all
from indexer.labels.photos import LabelledPhotos
from indexer.labels.residual import residual_votes, without_categories


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 6), min_size=8, max_size=30), st.integers(2, 5), st.integers(0, 3))
def test_folds_never_split_a_product_or_a_picture(pixels: list[int], folds: int, seed: int) -> None:
    product = [row // 2 for row in range(len(pixels))]
    hashes = [str(p) if p else "" for p in pixels]
    found = make_folds(np.array(product), folds, seed, pixels=hashes)
    assert set(found) <= set(range(folds))
    assert all(len(set(found[np.array(product) == p])) == 1 for p in set(product))
    copies = {p: {int(found[row]) for row in range(len(pixels)) if pixels[row] == p} for p in set(pixels) - {0}}
    assert all(len(of_picture) == 1 for of_picture in copies.values())
    assert np.array_equal(found, make_folds(np.array(product), folds, seed, pixels=hashes))


def test_a_label_has_no_say_in_its_own_judgement() -> None:
    """The fold's own labels may be anything: the order of the classes stays."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    vectors = (np.eye(8)[labels] + 0.3 * random.normal(size=(60, 8))).astype(np.float32)
    folds = np.arange(60) % 5
    before = out_of_sample(vectors, labels, 3, folds)
    changed = np.where(folds == 2, (labels + 1) % 3, labels)
    after = out_of_sample(vectors, changed, 3, folds)
    assert np.array_equal(before[folds == 2].argsort(axis=1), after[folds == 2].argsort(axis=1))
    assert (before.argmax(axis=1) == labels).mean() > 0.9
    assert before.sum(axis=1) == pytest.approx(1.0)


def test_photos_that_look_the_same_are_in_one_fold() -> None:
    near = Neighbours(np.array([[3], [2], [1], [0]]), np.array([[0.99], [0.5], [0.5], [0.99]], np.float32))
    found = make_folds(np.arange(4), 2, near=near)
    assert found[0] == found[3]
    assert sorted(np.bincount(found)) == [2, 2]


def test_likeness_that_chains_everything_is_left_out_of_account() -> None:
    chained = Neighbours((np.arange(20)[:, None] + 1) % 20, np.full((20, 1), 0.99, np.float32))
    assert sorted(np.bincount(make_folds(np.arange(20), 5, near=chained))) == [4] * 5


def test_residuals_know_nothing_of_the_categories() -> None:
    """A judge in plain numpy: no category's mean is left, and a photo that was pulled over votes with its looks."""
    random = np.random.default_rng(1)
    looks = np.repeat(np.eye(12)[:2], 30, axis=0) + 0.1 * random.normal(size=(60, 12))
    labels = np.repeat([0, 1], 30)
    labels[0] = 1  # the model pulled it to the other category
    vectors = looks + 3.0 * np.eye(12)[10 + labels]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    left = without_categories(vectors, labels, 2)
    difference = vectors[labels == 0].mean(axis=0) - vectors[labels == 1].mean(axis=0)
    assert np.abs(left @ difference).max() < 1e-4
    votes = residual_votes(LabelledPhotos(vectors, np.arange(60), labels, 2), neighbours=5)
    assert votes.sum(axis=1) == pytest.approx(1.0)


def planted() -> tuple[LabelledPhotos, np.ndarray, dict[int, int]]:
    """Three kinds of 40 products with two photos each, in mixed order, three products wrongly labelled."""
    random = np.random.default_rng(2)
    product = random.permutation(np.repeat(np.arange(120), 2))
    truth = np.arange(120) % 3
    wrong = {4: 2, 50: 0, 111: 1}
    labels = truth.copy()
    labels[list(wrong)] = list(wrong.values())
    vectors = np.eye(16)[truth[product]] + 0.25 * random.normal(size=(240, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return LabelledPhotos(vectors.astype(np.float32), product, labels[product], 3), product, wrong


def test_planted_labels_are_suspected_and_the_right_one_is_named() -> None:
    photos, product, wrong = planted()
    found = judge(photos, product, make_folds(photos.piece, 5))
    assert set(np.flatnonzero(found.suspected).tolist()) == set(wrong)
    assert all(found.other[one] == one % 3 for one in wrong)
    assert found.given[50] == 0
    assert (found.wrong[list(wrong)] > 0.8).all()


def test_the_order_of_the_photos_does_not_matter() -> None:
    photos, product, _ = planted()
    folds = make_folds(photos.piece, 5)
    order = np.argsort(product, kind="stable")
    sorted_photos = LabelledPhotos(photos.vectors[order], photos.piece[order], photos.labels[order], 3)
    a, b = judge(photos, product, folds), judge(sorted_photos, product[order], folds[order])
    assert a.evidence == pytest.approx(b.evidence, abs=1e-4)
    assert a.photo_evidence[order] == pytest.approx(b.photo_evidence, abs=1e-4)


@pytest.mark.parametrize("mixed", [False, True])
def test_neighbours_of_all_are_what_a_plain_loop_finds(mixed: bool) -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(30, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    piece = np.repeat(np.arange(10), 3)
    piece = random.permutation(piece) if mixed else piece
    found = nearest_of_all(vectors, piece, 4)
    for row in range(30):
        alike = vectors @ vectors[row]
        best = sorted((float(alike[piece == one].max()) for one in set(piece) - {piece[row]}), reverse=True)
        assert found.cosines[row] == pytest.approx(best[:4], abs=1e-5)
        assert len(set(piece[found.rows[row]])) == 4
    assert (nearest_of_all(vectors[:3], np.zeros(3, np.int64), 2).rows == -1).all()
