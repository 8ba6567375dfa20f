"""What a model's numbers mean: curves between their knots, odds that fall with more products, what is none of these."""

from __future__ import annotations

import pytest

from indexer.models.calibration import Calibration, Calibrations, NoneOfThese, SameProduct


def test_calibration_interpolates_between_knots() -> None:
    curve = Calibration((0.2, 0.4, 1.0), (0.1, 0.5, 0.8))
    assert curve.probability(-1.0) == curve.probability(0.2) == 0.1
    assert curve.probability(0.3) == pytest.approx(0.3)
    assert curve.probability(0.4) == pytest.approx(0.5)
    assert curve.probability(0.7) == pytest.approx(0.65)
    assert curve.probability(1.0) == curve.probability(1.5) == 0.8
    assert Calibration((0.5,), (0.3,)).probability(0.9) == 0.3


def test_the_same_score_says_less_among_more_products() -> None:
    same = SameProduct(Calibration((0.0, 1.0), (0.0, 0.8)), {"rings": Calibration((0.0, 1.0), (0.0, 0.4))}, 11)
    assert same.probability(1.0, 11) == pytest.approx(0.8)
    assert same.probability(1.0, 101) == pytest.approx(0.8 / (0.8 + 0.2 * 10))
    assert same.probability(1.0, 1) == pytest.approx(0.8 / (0.8 + 0.2 / 10))
    assert same.probability(1.0, 11, "rings") == pytest.approx(0.4)
    assert same.probability(1.0, 11, "watches") == pytest.approx(0.8)
    assert same.probability(0.0, 11) == 0.0


def test_a_category_has_its_own_curve_where_it_was_measured() -> None:
    whole, rings = Calibration((0.5,), (0.3,)), Calibration((0.5,), (0.7,))
    known = Calibrations(whole, {"rings": rings})
    assert known.category_probability(0.5, "rings") == 0.7
    assert known.category_probability(0.5, "watches") == known.category_probability(0.5, None) == 0.3
    assert Calibrations().category_probability(0.5, "rings") is None


def test_a_bound_for_duplicates_is_as_precise_as_asked_for() -> None:
    known = Calibrations(duplicates={0.5: 0.7, 0.99: 0.9})
    assert known.duplicate_score(0.5) == 0.7
    assert known.duplicate_score(0.8) == 0.9
    assert known.duplicate_score(0.999) is None
    assert Calibrations().duplicate_score(0.5) is None


def test_none_of_these_begins_above_its_bound() -> None:
    known = NoneOfThese(1.2, (0.1, 1.0, 1.2), (0.5, 0.03, 0.015))
    assert not known.calls(1.2)
    assert known.calls(1.2001)
    assert known.share(0.0) is None
    assert known.share(0.5) == 0.5
    assert known.share(3.0) == 0.015


def test_what_model_json_said_is_read() -> None:
    curve = {"scores": [0.0, 1.0], "probabilities": [0.0, 1.0]}
    record = {
        "same_category": curve,
        "same_category_of": {"rings": curve},
        "same_product": {**curve, "products": 7, "by_category": {"rings": curve}},
        "duplicates": [{"precision": 0.9, "score": 0.8, "recall": 0.5}],
        "none_of_these": {"above": 1.0, "judged": 3, "strangeness": [0.5], "share": [0.1]},
        "categories": {"temperature": 1.0},
    }
    read, line = Calibrations.of(record), Calibration((0.0, 1.0), (0.0, 1.0))
    assert read.same_category == line
    assert read.same_category_of == {"rings": line}
    assert read.same_product == SameProduct(line, {"rings": line}, 7)
    assert read.duplicates == {0.9: 0.8}
    assert read.none_of_these == NoneOfThese(1.0, (0.5,), (0.1,))
    assert Calibrations.of({}) == Calibrations()
