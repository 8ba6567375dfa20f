"""Every objective with what goes with it: the loss falls, weights arrive, and a plan is what the loop can keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from indexer.photos.places import FilePlace
from trainer.choices import OBJECTIVES, OFFLINE, ONLINE
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sampling import balanced_batches, random_triplets
from trainer.data.sources import CachedFeatures
from trainer.learning.recipes import Recipe, category_codes, distances
from trainer.network.network import EmbeddingNetwork
from trainer.settings import FitSettings

FEATURES, DIMENSION, PHOTOS = 10, 6, 36


def shop(*, none: int = 0, kinds: int = 3) -> list[Sample]:
    """Photos of ``kinds`` categories, two of each product; the first ``none`` products have no category."""
    return [
        Sample(f"{k}.jpg", FilePlace(Path(f"{k}.jpg")), "" if k // 2 < none else "abc"[k // 2 % kinds], str(k // 2), k // 2)
        for k in range(PHOTOS)
    ]


def features(samples: list[Sample], seed: int = 0) -> CachedFeatures:
    """Drawn features in which category and product can be seen, under much else; four views of each photo."""
    rng = np.random.default_rng(seed)
    kinds, products = rng.standard_normal((4, FEATURES)), rng.standard_normal((PHOTOS, FEATURES))
    vectors = np.stack(
        [
            [kinds["abc".find(s.category)] + products[s.group] + rng.standard_normal(FEATURES) for _ in range(5)]
            for s in samples
        ]
    )
    torch.manual_seed(seed)
    network = EmbeddingNetwork(nn.Identity(), FEATURES, dimension=DIMENSION)
    return CachedFeatures(network, FeatureBank(vectors.astype(np.float32)))


def recipe(samples: list[Sample], *, weights: np.ndarray | None = None, **chosen: Any) -> Recipe:
    settings = FitSettings.for_run(**{"batch": 12, **chosen})
    return Recipe(settings, samples, samples, dimension=DIMENSION, weights=weights)


def losses(made: Recipe, source: CachedFeatures, epochs: int) -> list[float]:
    """Mean loss of each epoch, with the objective's own parameters learning along."""
    groups: list[dict[str, Any]] = [{"params": source.trained().parameters()}]
    groups.append({"params": made.objective.parameters(), "lr": 0.003 * made.objective.rate})
    optimizer = torch.optim.Adam(groups, lr=0.003)
    means = []
    for epoch in range(epochs):
        rng = np.random.default_rng(epoch)
        seen = []
        for step in made.steps(source, made.plan(rng, source), rng):
            optimizer.zero_grad()
            step.loss.backward()
            optimizer.step()
            seen.append(float(step.loss.detach()))
        means.append(float(np.mean(seen)))
    return means


COMBINATIONS = [
    *((name, "", sampler) for name in OBJECTIVES for sampler in ("balanced", "pk")),
    ("two-level", "", "random"),
    *(("triplet", miner, "random") for miner in (*ONLINE, *OFFLINE)),
    ("contrastive", "multi-similarity", "balanced"),
]


@pytest.mark.parametrize(("objective", "miner", "sampler"), COMBINATIONS)
def test_the_loss_falls(objective: str, miner: str, sampler: str) -> None:
    samples = shop()
    torch.manual_seed(0)
    made = recipe(samples, objective=objective, miner=miner, sampler=sampler)
    source = features(samples)
    untrained = made.judge(source).score
    fixed = [step.loss.item() for step in made.steps(source, made.plan(np.random.default_rng(9), source), np.random.default_rng(9))]
    losses(made, source, 12)
    after = [step.loss.item() for step in made.steps(source, made.plan(np.random.default_rng(9), source), np.random.default_rng(9))]
    print(objective, miner, sampler, np.mean(fixed), np.mean(after), untrained, made.judge(source).score)
    assert np.mean(after) < np.mean(fixed)
