"""What is no product: far things and drawn things are strange, the shop's own are as rarely as was promised."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.evaluation.calibration.folds import NEVER, folds_for
from trainer.evaluation.calibration.none_of_these import MISTAKEN, NoneOfThese, _Measure, fit_none_of_these

STAGES = (24, 16)
WIDTH = sum(STAGES)
SHAPE = np.random.default_rng(9).normal(size=(8, WIDTH))


def own(count: int, seed: int) -> np.ndarray:
    """Photos that differ along eight directions, and a little in all."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 8)) @ SHAPE + 0.3 * random.normal(size=(count, WIDTH))
    features[:, 24:] *= 100
    return features.astype(np.float32)


def drawn(count: int, seed: int) -> np.ndarray:
    """Among the photos in every direction but one, along which these hardly differ."""
    aside = np.linalg.svd(SHAPE)[2][-1] * np.repeat([1, 100], STAGES)
    return own(count, seed) + 4 * aside.astype(np.float32)


@pytest.fixture(scope="module")
def found() -> NoneOfThese:
    made = fit_none_of_these(own(400, 0), drawn(100, 1), STAGES, folds_for(np.arange(400), 400, learnt=False))
    assert made is not None
    return made


def share(found: NoneOfThese, features: np.ndarray) -> float:
    with torch.no_grad():
        return float((found.module(torch.from_numpy(features)).numpy() > found.above).mean())


def test_of_the_shops_own_photos_hardly_one_is_called_none(found: NoneOfThese) -> None:
    assert share(found, own(4000, 7)) < 2.5 * MISTAKEN
    assert found.judged == 400


def test_what_lies_elsewhere_is_none_although_nobody_has_shown_it(found: NoneOfThese) -> None:
    noise = 2 * np.random.default_rng(4).normal(size=(200, WIDTH)) * np.repeat([1, 100], STAGES)
    assert share(found, (own(200, 3) + noise).astype(np.float32)) > 0.95


def test_what_is_drawn_is_none_although_it_is_not_far(found: NoneOfThese) -> None:
    assert share(found, drawn(200, 5)) > 0.9


def test_the_network_says_what_the_figures_say() -> None:
    """The module in float32 against both scores in plain numpy."""
    features, strangers = own(200, 0), drawn(60, 1)
    folds = folds_for(np.arange(200), 200, learnt=False)
    made = fit_none_of_these(features, strangers, STAGES, folds)
    assert made is not None
    measure = _Measure.of(features, strangers, STAGES)
    other = np.concatenate([own(20, 3), drawn(20, 4)])
    apart = (other - features.mean(axis=0)) / measure.standard.scale
    covariance = measure.standard.apply(features).T @ measure.standard.apply(features) / 200
    shrunk = 0.9 * covariance + 0.1 * np.trace(covariance) / WIDTH * np.eye(WIDTH)
    by_hand = np.einsum("ni,ij,nj->n", apart, np.linalg.inv(shrunk), apart) / WIDTH
    scores = measure.scores(other)
    assert scores[:, 0] == pytest.approx(by_hand, rel=1e-4)
    slope, shift = made.module.reach.double().numpy().T
    wanted = (scores * [measure.rest, 1.0] * slope + shift).max(axis=1)
    with torch.no_grad():
        said = made.module(torch.from_numpy(other)).double().numpy()
    assert said.shape == (40, 1)
    assert said[:, 0] == pytest.approx(wanted, rel=1e-3, abs=1e-3)


def test_shares_fall_while_strangeness_rises(found: NoneOfThese) -> None:
    assert list(found.scores) == sorted(found.scores)
    assert list(found.shares) == sorted(found.shares, reverse=True)
    with torch.no_grad():
        usual = found.module(torch.from_numpy(own(4000, 8))).numpy()[:, 0]
    for score, wanted in zip(found.scores, found.shares, strict=True):
        assert (usual > score).mean() == pytest.approx(wanted, abs=0.06)


def test_few_photos_and_none() -> None:
    few = fit_none_of_these(own(6, 0), drawn(20, 1), STAGES, folds_for(np.arange(6), 6, learnt=False))
    assert few is not None
    assert share(few, own(6, 0)) == 0.0
    assert fit_none_of_these(own(6, 0), drawn(20, 1), STAGES, np.full(6, NEVER)) is None
