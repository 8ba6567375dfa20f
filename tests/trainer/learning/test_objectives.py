"""The losses, recomputed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from trainer.learning.objectives import TwoLevel, distances, triplet_loss


def batch(seed: int, photos: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = normalize(torch.randn(2 * photos, 8, generator=generator, dtype=torch.float64), dim=1)
    return embeddings, torch.tensor([0, 0, 1, 1, 2, 2] * 2), torch.arange(photos).repeat(2)


def contrastive(embeddings: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """The mean over anchors of the mean over their positives of -log softmax of the similarity."""
    logits = embeddings @ embeddings.T / temperature
    losses = []
    for anchor in range(len(labels)):
        others = [k for k in range(len(labels)) if k != anchor]
        total = np.log(np.exp(logits[anchor, others]).sum())
        positives = [k for k in others if labels[k] == labels[anchor]]
        losses.append(-np.mean([logits[anchor, k] - total for k in positives]))
    return float(np.mean(losses))


@pytest.mark.parametrize("weight", [0.0, 1.0, 0.3])
def test_two_level_is_category_plus_weighted_instance(weight: float) -> None:
    embeddings, categories, instances = batch(0)
    loss = TwoLevel(0.1, 0.2, weight)(embeddings, categories, instances)
    numbers = embeddings.numpy()
    expected = contrastive(numbers, categories.numpy(), 0.1) + weight * contrastive(numbers, instances.numpy(), 0.2)
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_the_instance_level_keeps_photos_of_a_category_apart() -> None:
    one_point = normalize(torch.ones(12, 8, dtype=torch.float64), dim=1).requires_grad_()
    _, categories, instances = batch(0)
    spread = batch(1)[0]
    alone = TwoLevel(0.1, 0.1, 1.0)
    collapsed = torch.stack([torch.eye(8, dtype=torch.float64)[k] for k in categories])
    views = torch.stack([torch.eye(8, dtype=torch.float64)[k] for k in instances])
    assert alone.category(collapsed, categories) < alone.category(spread, categories)
    assert alone.instance(views, instances) < alone.instance(collapsed, instances)
    assert alone(one_point, categories, instances) > alone(collapsed, categories, instances)


def test_triplet_loss() -> None:
    embeddings = batch(2)[0][:12]
    anchor, positive, negative = embeddings.numpy().reshape(3, 4, 8)
    gap = np.linalg.norm(anchor - positive, axis=1) - np.linalg.norm(anchor - negative, axis=1) + 1.0
    assert float(triplet_loss(embeddings, 1.0)) == pytest.approx(np.maximum(gap, 0).mean(), abs=1e-5)


def test_distances() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    found = distances(embeddings, torch.tensor([0, 0, 1]))
    assert found.positive == pytest.approx(2**0.5)
    assert found.negative == pytest.approx((2 + 2**0.5) / 2)
