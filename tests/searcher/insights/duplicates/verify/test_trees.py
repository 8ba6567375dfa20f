"""Trees in JSON say what scikit-learn's own say, and a damaged file says so."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from indexer.errors import UsageError
from searcher.insights.duplicates.verify.boosting import Growth, grow
from searcher.insights.duplicates.verify.fitting import least_score
from searcher.insights.duplicates.verify.trees import Trees


def points(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(400, 5)).astype(np.float32)
    return rows, np.array(
        [f"c{int(c)}" for c in np.clip(np.digitize(rows[:, 0] + rows[:, 1], [-0.5, 0.5]), 0, classes - 1)]
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_scikit_learn(classes: int) -> None:
    rows, labels = points(classes)
    names = sorted(set(labels))
    trees = grow(rows, labels, names, Growth(20), 3)
    fitted = [
        HistGradientBoostingClassifier(
            max_iter=20,
            learning_rate=0.05,
            max_leaf_nodes=12,
            max_features=0.5,
            min_samples_leaf=10,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=3 + number,
        ).fit(rows, labels)
        for number in range(2)
    ]
    means = np.exp(np.mean([np.log(learner.predict_proba(rows)) for learner in fitted], axis=0))  # of the log-odds
    assert list(fitted[0].classes_) == names
    assert np.abs(trees.probabilities(rows) - means / means.sum(axis=1, keepdims=True)).max() < 1e-4


@pytest.mark.parametrize("classes", [2, 3])
def test_all_trees_going_down_together_end_where_each_ends_alone(classes: int) -> None:
    rows, labels = points(classes)
    rows[::7, 1] = np.nan
    record = grow(rows, labels, sorted(set(labels)), Growth(6), 1).to_json()
    expected = []
    for row in rows[:200]:
        sums = list(record["start"])
        for number, tree in enumerate(record["trees"]):
            node = 0
            while tree["feature"][node] >= 0:
                number_there = row[tree["feature"][node]]
                known = -9.0 if np.isnan(number_there) else number_there
                node = tree["children"][2 * node + int(known > np.float32(tree["threshold"][node]))]
            sums[number % len(sums)] += tree["value"][node]
        powers = [math.exp(one) for one in ([0.0, *sums] if len(sums) == 1 else sums)]
        expected.append([power / sum(powers) for power in powers])
    assert Trees.from_json(record).probabilities(rows[:200]) == pytest.approx(np.array(expected), abs=1e-12)


def test_an_export_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, labels = points(2)
    monkeypatch.setattr(Trees, "probabilities", lambda _trees, given: np.full((len(given), 2), 0.5))
    with pytest.raises(UsageError, match="keeps its trees otherwise"):
        grow(rows, labels, sorted(set(labels)), Growth(20), 3)


def test_a_version_that_names_its_trees_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Renamed(HistGradientBoostingClassifier):
        @property
        def _predictors(self) -> object:
            raise AttributeError("_predictors")

        @_predictors.setter
        def _predictors(self, _trees: object) -> None: ...

    rows, labels = points(2)
    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Renamed)
    with pytest.raises(UsageError, match="keeps its trees otherwise"):
        grow(rows, labels, sorted(set(labels)), Growth(2), 3)


def test_a_file_gives_the_same_trees_again() -> None:
    rows, labels = points(3)
    trees = grow(rows, labels, sorted(set(labels)), Growth(10), 0)
    again = Trees.from_json(json.loads(json.dumps(trees.to_json())))
    assert np.array_equal(trees.probabilities(rows), again.probabilities(rows))
    assert again.to_json() == trees.to_json()


def test_trees_that_go_in_circles_or_nowhere_are_refused() -> None:
    rows, labels = points(2)
    record = grow(rows, labels, sorted(set(labels)), Growth(2), 0).to_json()
    circle = json.loads(json.dumps(record))
    circle["trees"][0]["children"][0] = 0
    with pytest.raises(ValueError, match="no end"):
        Trees.from_json(circle)
    nowhere = json.loads(json.dumps(record))
    nowhere["trees"][0]["children"][0] = 10_000
    with pytest.raises(ValueError, match="does not have"):
        Trees.from_json(nowhere)


def test_least_score_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, False])
    assert least_score(scores, right, 1.0) == 0.8
    assert least_score(scores, right, 0.75) == 0.6
    assert least_score(scores, right, 0.6) == 0.5
    assert least_score(scores, ~right, 0.9) == 1.01
    assert least_score(np.full(5, 0.5), right, 0.7) == 1.01  # equal scores come in together: three of five are right
