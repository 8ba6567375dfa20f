"""The calibration curve is monotone and true to the pairs; the classifier reads categories off embeddings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from indexer.models.directory import Calibration
from trainer.evaluation.calibration import KNOTS, fit_classifier, same_category_curve


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


@pytest.mark.parametrize("classes", [2, 3])
def test_the_classifier_speaks_in_the_order_of_the_categories(classes: int) -> None:
    embeddings, names = clustered(200, 0, spread=0.3)
    keep = [n for n, name in enumerate(names) if int(name[1]) < classes]
    embeddings, names = embeddings[keep], [names[n] for n in keep]
    categories = sorted(set(names))
    layer = fit_classifier((embeddings[::2], names[::2]), (embeddings[1::2], names[1::2]), categories)
    with torch.no_grad():
        probabilities = layer(torch.from_numpy(embeddings[1::2])).softmax(1).numpy()
    said = [categories[k] for k in probabilities.argmax(1)]
    assert np.mean([a == b for a, b in zip(said, names[1::2], strict=True)]) > 0.95
    assert layer.out_features == classes
