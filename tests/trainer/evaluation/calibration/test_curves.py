"""The calibration curve is monotone and true to the pairs, for all categories together and for each."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.models.calibration import Calibration
from trainer.evaluation.calibration.curves import KNOTS, same_category_curve, same_category_curves


def clustered(n: int, seed: int, spread: float = 0.6) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    centres = np.eye(8)[:3]
    which = rng.integers(0, 3, n)
    points = centres[which] + spread * rng.normal(size=(n, 8)) / np.sqrt(8)
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), [f"c{k}" for k in which]


def test_the_curve_is_monotone_and_calibrated_on_other_photos() -> None:
    embeddings, names = clustered(150, 0)
    curve = same_category_curve(embeddings, names, range(150))
    assert len(curve["scores"]) == len(curve["probabilities"]) <= KNOTS
    assert (np.diff(curve["scores"]) > 0).all()
    assert (np.diff(curve["probabilities"]) >= 0).all()
    assert 0 < curve["probabilities"][0] < 0.1 < 0.9 < curve["probabilities"][-1] < 1

    other, labels = clustered(300, 1)
    first, second = np.triu_indices(300, 1)
    scores, same = (other @ other.T)[first, second], np.array(labels)[first] == np.array(labels)[second]
    calibration = Calibration(tuple(curve["scores"]), tuple(curve["probabilities"]))
    said = np.array([calibration.probability(float(score)) for score in scores])
    for low in (0.0, 0.25, 0.5, 0.75):
        inside = (said >= low) & (said < low + 0.25)
        assert said[inside].mean() == pytest.approx(same[inside].mean(), abs=0.1)


def test_pairs_within_a_near_duplicate_group_prove_nothing() -> None:
    embeddings, names = clustered(60, 0)
    alone = same_category_curve(embeddings, names, range(60))
    doubled = np.repeat(embeddings, 2, axis=0)
    twice = same_category_curve(doubled, [n for n in names for _ in "ab"], [k for k in range(60) for _ in "ab"])
    assert max(twice["scores"]) == pytest.approx(max(alone["scores"]), abs=0.02)


def test_no_pairs_no_curve() -> None:
    embeddings, _ = clustered(10, 0)
    assert same_category_curve(embeddings, ["a"] * 10, range(10)) == {}
    assert same_category_curve(embeddings, ["a", "b"] * 5, [0] * 10) == {}
    one_point = np.repeat(embeddings[:1], 10, axis=0)
    assert same_category_curve(one_point, ["a", "b"] * 5, range(10)) == {}


def test_nearly_equal_scores_still_rise() -> None:
    embeddings, names = clustered(60, 0)
    nearly = embeddings[:1] + 1e-4 * embeddings
    nearly /= np.linalg.norm(nearly, axis=1, keepdims=True)
    curve = same_category_curve(nearly, names, range(60))
    assert (np.diff(curve.get("scores", [0, 1])) > 0).all()


def test_a_category_that_is_told_apart_has_a_steeper_curve() -> None:
    embeddings, names = clustered(150, 0)
    mixed = [name if name == "c0" else ("c1", "c2")[row % 2] for row, name in enumerate(names)]
    found = same_category_curves(embeddings, mixed, list(range(150)))
    assert set(found) == {"c0", "c1", "c2"}
    highest = {name: Calibration(*map(tuple, curve.values())).probability(0.9) for name, curve in found.items()}
    assert highest["c0"] > 0.9 > 0.7 > highest["c1"]


def test_a_category_of_few_pairs_has_none_of_its_own() -> None:
    embeddings, names = clustered(30, 0)
    assert same_category_curves(embeddings, names, list(range(30))).keys() <= {"c0", "c1", "c2"}
    assert same_category_curves(embeddings[:8], names[:8], list(range(8))) == {}
