"""The classic recipe on the same features: it learns categories, disturbs nothing, and costs no model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.photos.places import FilePlace
from tests.shops.models.plain_backbone import plain_network
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.fit import baseline
from trainer.fit.baseline import classic_metrics, classic_settings
from trainer.settings import FitSettings


def sample(number: int, category: str) -> Sample:
    return Sample(f"{number}", FilePlace(Path(f"{number}")), category, f"p{number}", number)


def clusters(each: int, seed: int) -> baseline.Part:
    """Photos around a centre for each of three categories."""
    centres = np.random.default_rng(0).normal(size=(3, 8))
    labels = np.repeat(np.arange(3), each)
    vectors = centres[labels, None] + 0.3 * np.random.default_rng(seed).normal(size=(len(labels), 1, 8))
    return FeatureBank(vectors.astype(np.float32)), [sample(n, f"c{label}") for n, label in enumerate(labels)]


def settings(**given: object) -> FitSettings:
    return replace(classic_settings(0), **{"learning_rate": 1e-3, **given})  # type: ignore[arg-type]


def test_it_is_the_recipe_to_the_letter() -> None:
    chosen = classic_settings(7)
    assert (chosen.objective, chosen.miner, chosen.margin) == ("triplet", "offline-random", 1.0)
    assert (chosen.batch, chosen.learning_rate, chosen.epochs, chosen.seed) == (16, 1e-4, 30, 7)


def test_it_learns_the_categories_and_leaves_the_network_alone() -> None:
    network, learning, held_out = plain_network(width=8), clusters(10, 1), clusters(3, 2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.random.get_rng_state()
    epochs = set()
    found = classic_metrics(
        network, learning, held_out, held_out, settings(epochs=12), lambda epoch, *_: epochs.add(epoch)
    )
    assert found["P@1"] == 1
    assert found["mAP"] > 0.95
    assert max(epochs) == 12
    assert torch.equal(state, torch.random.get_rng_state())
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_random_labels_are_worth_nothing() -> None:
    """What is told beside a model must be as honest as the model's own figures: chance is .25 here."""
    rng = np.random.default_rng(0)

    def part(count: int) -> baseline.Part:
        samples = [sample(n, f"c{rng.integers(4)}") for n in range(count)]
        return FeatureBank(rng.normal(size=(count, 1, 8)).astype(np.float32)), samples

    found = classic_metrics(plain_network(width=8), part(80), part(20), part(300), settings(epochs=5))
    assert 0.17 < found["P@1"] < 0.33


@pytest.mark.parametrize("categories", [("c", "c", "c", "c"), ("", "", "", ""), ("a", "b", "c", "d")])
def test_too_little_to_choose_triplets_from_is_no_figure(categories: tuple[str, ...]) -> None:
    few: baseline.Part = clusters(2, 0)[0].part(0, 4), [sample(n, name) for n, name in enumerate(categories)]
    assert classic_metrics(plain_network(width=8), few, few, few, settings()) == {}


def test_validation_photos_without_triplets_judge_nothing() -> None:
    learning, held_out = clusters(10, 1), clusters(3, 2)
    alone: baseline.Part = held_out[0].part(0, 1), held_out[1][:1]
    assert classic_metrics(plain_network(width=8), learning, alone, held_out, settings(epochs=12))["P@1"] > 0.8


def test_ctrl_c_costs_the_comparison_alone() -> None:
    learning, held_out = clusters(10, 1), clusters(3, 2)

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    assert classic_metrics(plain_network(width=8), learning, held_out, held_out, settings(), pressed) == {}


def test_of_many_photos_a_draw_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline, "PHOTOS", 12)
    learnt: list[int] = []
    kept = baseline.Recipe

    def recipe(chosen: FitSettings, train: list[Sample], validation: list[Sample]) -> object:
        learnt.append(len(train))
        return kept(chosen, train, validation)

    monkeypatch.setattr(baseline, "Recipe", recipe)
    classic_metrics(plain_network(width=8), clusters(10, 1), clusters(3, 2), clusters(3, 2), settings(epochs=1))
    assert learnt == [12]
