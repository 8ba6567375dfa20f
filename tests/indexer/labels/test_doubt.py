"""What evidence against a label is worth depends on how much of it the catalog has."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.labels.doubt import probability_wrong
from indexer.labels.photos import LabelledPhotos
from indexer.labels.typicality import typicality

IF_WRONG = np.random.default_rng(1).normal(5.0, 1.5, 4000)


def labels(wrong: int, seed: int, right: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Evidence of right and wrong labels, and which are wrong: most right ones are easy, some are hard to tell."""
    random = np.random.default_rng(seed)
    easy, hard = random.normal(-12.0, 2.0, right - 60), -8.0 + random.exponential(3.0, 60)
    evidence = np.concatenate([easy, hard, random.choice(IF_WRONG, wrong)])
    return evidence, np.arange(len(evidence)) >= right


@pytest.mark.parametrize("wrong", [10, 30, 100])
def test_as_many_are_expected_wrong_as_are(wrong: int) -> None:
    expected, precision, found = [], [], []
    for seed in range(10):
        evidence, truth = labels(wrong, seed)
        odds = probability_wrong(evidence, IF_WRONG)
        expected.append(odds.sum())
        precision.append(truth[odds >= 0.5].mean())
        found.append(truth[odds >= 0.5].sum() / wrong)
    assert np.mean(expected) == pytest.approx(wrong, rel=0.25)
    assert np.mean(precision) > 0.8
    assert np.mean(found) > 0.8


def test_a_clean_catalog_has_nothing_likelier_wrong_than_right() -> None:
    suspected = [int((probability_wrong(labels(0, seed)[0], IF_WRONG) >= 0.5).sum()) for seed in range(20)]
    assert np.mean(suspected) < 2.0


def test_equal_evidence_is_worth_more_where_there_is_more_of_it() -> None:
    few, many = (np.append(labels(wrong, 3)[0], 2.5) for wrong in (1, 100))
    assert probability_wrong(few, IF_WRONG)[-1] < probability_wrong(many, IF_WRONG)[-1]


def test_more_evidence_is_never_less_probable() -> None:
    evidence, _ = labels(30, 0)
    evidence = np.append(evidence, [40.0, 400.0])
    odds = probability_wrong(evidence, IF_WRONG)
    assert (np.diff(odds[np.argsort(evidence, kind="stable")]) >= 0).all()
    assert ((odds >= 0) & (odds <= 1)).all()


@pytest.mark.parametrize(
    ("evidence", "if_wrong"),
    [([], []), ([], [1.0]), ([1.0], []), ([1.0], [1.0]), ([0.0] * 50, [0.0] * 50), ([0.0, 9.0], [5.0, 5.0])],
)
def test_little_or_nothing_to_go_by(evidence: list[float], if_wrong: list[float]) -> None:
    odds = probability_wrong(np.array(evidence), np.array(if_wrong))
    assert len(odds) == len(evidence)
    assert ((odds >= 0) & (odds <= 1)).all()


def test_typicality_is_a_share_of_the_category() -> None:
    """A judge in plain Python."""
    random = np.random.default_rng(0)
    categories = np.arange(40) % 2
    vectors = np.eye(6)[categories] + 0.5 * random.normal(size=(40, 6))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    product = np.arange(40) // 2  # one product of both categories is no matter here

    def near(row: int, category: int) -> float:
        cosines = [
            float(vectors[row] @ vectors[other])
            for other in range(40)
            if product[other] != product[row] and categories[other] == category
        ]
        return sum(sorted(cosines)[-3:]) / 3

    found = typicality(LabelledPhotos(vectors, product, categories, 2))
    for row in range(0, 40, 7):
        for category in range(2):
            members = [near(other, category) for other in range(40) if categories[other] == category]
            less = sum(one <= near(row, category) + 1e-6 for one in members)
            assert found[row, category] == pytest.approx(min(1.0, (less + 1) / 21), abs=1 / 21 + 1e-9)


def test_a_category_of_one_product_is_typical_of_nothing_else() -> None:
    vectors = np.eye(3, dtype=np.float32)
    found = typicality(LabelledPhotos(vectors, np.arange(3), np.array([0, 0, 1]), 2))
    assert ((found > 0) & (found <= 1)).all()
