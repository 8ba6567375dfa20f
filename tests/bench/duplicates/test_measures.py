"""The benchmark's measures, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.duplicates.dataset import Labelled, truth
from tests.bench.duplicates.measures import (
    NAMES,
    Curve,
    Scored,
    Truth,
    false_positive_rates,
    group_score,
    interval,
    recall_by_edit,
)


def row(key: str, role: str, base: str, *, edit: str = "", piece: str = "", design: str = "") -> Labelled:
    picture = base if role in ("base", "edit") else key
    strength = 0 if edit else -1
    return Labelled(
        key, "test", f"{key}.jpg", "rings", role, edit, strength, base, picture, piece or base, design or base
    )


ROWS = [
    row("A", "base", "A"),  # 0
    row("A-e1", "edit", "A", edit="crop"),  # 1
    row("A-e2", "edit", "A", edit="flip"),  # 2
    row("A-metal", "metal", "A", piece="A/metal"),  # 3
    row("A-other_photo", "other_photo", "A"),  # 4
    row("B", "base", "B"),  # 5
    row("B-e1", "edit", "B", edit="crop"),  # 6
    row("R1", "real", "R1", design="real-1"),  # 7
    row("R2", "real", "R2", design="real-1"),  # 8
    row("R3", "real", "R3", design="real-2"),  # 9
]
"""Copies: 0-1, 0-2, 1-2, 5-6. Not labelled: 7-8."""


def scored(*pairs: tuple[int, int, float]) -> Scored:
    first, second, score = (np.array(column) for column in zip(*pairs, strict=True))
    return Scored(Truth(ROWS), first.astype(np.intp), second.astype(np.intp), score.astype(np.float64))


def test_many_pairs_at_once_are_labelled_as_one_by_one() -> None:
    one, other = np.triu_indices(len(ROWS), 1)
    codes = Truth(ROWS).of(one, other)
    assert [NAMES[code] for code in codes] == [truth(ROWS[a], ROWS[b]) for a, b in zip(one, other, strict=True)]
    assert (Truth(ROWS).of(other, one) == codes).all()
    assert {NAMES[code] for code in codes} == set(NAMES)


def test_the_copies_are_counted_for_each_base() -> None:
    found = Truth(ROWS)
    assert found.copies_of.sum() == 4
    assert found.copies_of[found.base[0]] == 3
    assert found.copies_of[found.base[6]] == 1


def test_average_precision_by_hand() -> None:
    # copy, not, copy, not; a third copy of three is missed: (1/1 + 2/3 + 0) / 3
    curve = Curve([0.9, 0.8, 0.7, 0.6], [True, False, True, False], 3)
    assert curve.average_precision() == pytest.approx((1 + 2 / 3) / 3)
    assert curve.precision == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.recall == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert curve.recall_at(0.99) == pytest.approx(1 / 3)
    assert curve.recall_at(0.6) == pytest.approx(2 / 3)
    assert curve.threshold_at(0.99) == 0.9
    assert curve.threshold_at(0.6) == 0.7


def test_equal_scores_come_in_together_in_whatever_order() -> None:
    for right in ([True, False], [False, True]):
        curve = Curve([0.5, 0.5], right, 1)
        assert curve.average_precision() == 0.5
        assert curve.recall_at(0.9) == 0
        assert curve.threshold_at(0.9) == np.inf


def test_nothing_found_and_nothing_to_find() -> None:
    assert Curve([], [], 5).average_precision() == 0
    assert Curve([], [], 5).recall_at(0.9) == 0
    assert Curve([0.5], [False], 0).average_precision() == 0


def test_average_precision_is_scikit_learns_where_nothing_is_missed() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    score, right = rng.integers(0, 30, 400) / 30, rng.random(400) < 0.2
    weight = rng.integers(0, 4, 400).astype(float)
    plain, weighted = Curve(score, right, right.sum()), Curve(score, right, (right * weight).sum(), weight)
    assert plain.average_precision() == pytest.approx(metrics.average_precision_score(right, score))
    expected = metrics.average_precision_score(right, score, sample_weight=weight)
    assert weighted.average_precision() == pytest.approx(expected)


def test_what_nobody_has_labelled_neither_helps_nor_harms() -> None:
    with_it = scored((7, 8, 1.0), (0, 1, 0.9), (0, 3, 0.8), (5, 6, 0.7))
    without = scored((0, 1, 0.9), (0, 3, 0.8), (5, 6, 0.7))
    assert with_it.curve().average_precision() == without.curve().average_precision() == pytest.approx((1 + 2 / 3) / 4)
    assert with_it.best(2).curve().average_precision() == pytest.approx(1 / 4)


def test_false_positives_by_kind_and_recall_by_family() -> None:
    # The other metal stands against three photos of A's picture, of which two are called copies.
    found = scored((3, 0, 0.9), (1, 3, 0.8), (3, 2, 0.1), (6, 5, 0.9), (0, 1, 0.9), (2, 0, 0.2))
    assert false_positive_rates(found, 0.5) == {"metal": pytest.approx(2 / 3), "other_photo": 0.0}
    assert recall_by_edit(found, 0.5) == {"crop": 1.0, "flip": 0.0}


def test_groups_by_hand() -> None:
    # {0, 1, 3}: of three pairs one is a copy; {5, 6}: one; {7, 8, 9}: 7-8 is not labelled, two are wrong.
    found = group_score(Truth(ROWS), [{0, 1, 3}, (5, 6), [7, 8, 9]])
    assert found.precision == pytest.approx(2 / 6)
    assert found.recall == pytest.approx(2 / 4)
    assert found.f1 == pytest.approx(0.4)
    perfect = group_score(Truth(ROWS), [{0, 1, 2}, {5, 6}])
    assert (perfect.precision, perfect.recall, perfect.f1) == (1, 1, 1)
    nothing = group_score(Truth(ROWS), [])
    assert (nothing.precision, nothing.recall, nothing.f1) == (1, 0, 0)


def test_a_base_drawn_twice_counts_twice() -> None:
    found = scored((0, 1, 0.9), (0, 5, 0.8), (5, 6, 0.7))
    weight = np.zeros(len(found.truth.copies_of))
    weight[found.truth.base[0]], weight[found.truth.base[5]] = 2, 1
    # 2 right, 2·1 wrong, 1 right; of 2·3 + 1 copies.
    curve = found.curve(weight)
    assert curve.precision == pytest.approx([1, 2 / 4, 3 / 5])
    assert curve.recall == pytest.approx([2 / 7, 2 / 7, 3 / 7])


def test_an_interval_holds_the_measure_and_repeats() -> None:
    found = scored((0, 1, 0.9), (0, 2, 0.85), (0, 3, 0.8), (5, 6, 0.7), (1, 2, 0.6))
    low, high = interval(found, Curve.average_precision, rounds=100)
    assert 0 <= low <= found.curve().average_precision() <= high <= 1
    assert low < high
    assert (low, high) == interval(found, Curve.average_precision, rounds=100)
