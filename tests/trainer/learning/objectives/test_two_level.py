"""Category plus instance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from tests.trainer.learning.objectives import by_hand
from trainer.learning.objectives.softmax import TwoLevel


def batch(seed: int, photos: int = 6) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = normalize(torch.randn(2 * photos, 8, generator=generator, dtype=torch.float64), dim=1)
    return embeddings, torch.stack([torch.tensor([0, 0, 1, 1, 2, 2] * 2), torch.arange(photos).repeat(2)], dim=1)


@pytest.mark.parametrize("weight", [0.0, 1.0, 0.3])
def test_two_level_is_category_plus_weighted_instance(weight: float) -> None:
    embeddings, labels = batch(0)
    loss = TwoLevel(0.1, 0.2, weight)(embeddings, labels)
    categories, instances = labels.T.tolist()
    hand = by_hand.supcon(embeddings.numpy(), categories, 0.1)
    hand += weight * by_hand.supcon(embeddings.numpy(), instances, 0.2)
    assert float(loss) == pytest.approx(hand, rel=1e-6)


def test_the_instance_level_keeps_photos_of_a_category_apart() -> None:
    one_point = normalize(torch.ones(12, 8, dtype=torch.float64), dim=1)
    labels = batch(0)[1]
    categories, instances = labels.unbind(dim=1)
    spread = batch(1)[0]
    alone = TwoLevel(0.1, 0.1, 1.0)
    collapsed = torch.stack([torch.eye(8, dtype=torch.float64)[k] for k in categories])
    views = torch.stack([torch.eye(8, dtype=torch.float64)[k] for k in instances])
    assert alone.category(collapsed, categories) < alone.category(spread, categories)
    assert alone.instance(views, instances) < alone.instance(collapsed, instances)
    assert alone(one_point, labels) > alone(collapsed, labels)


def test_a_photo_without_a_category_takes_part_in_the_second_level_alone() -> None:
    embeddings, labels = batch(2)
    labels[[1, 4, 7, 10], 0] = -1
    known = [k for k in range(12) if k not in (1, 4, 7, 10)]
    hand = by_hand.supcon(embeddings[known].numpy(), labels[known, 0].tolist(), 0.1)
    hand += by_hand.supcon(embeddings.numpy(), labels[:, 1].tolist(), 0.2)
    assert float(TwoLevel(0.1, 0.2, 1.0)(embeddings, labels)) == pytest.approx(hand, rel=1e-6)


def test_without_any_category_it_is_the_second_level() -> None:
    embeddings, labels = batch(2)
    labels[:, 0] = -1
    hand = by_hand.supcon(embeddings.numpy(), labels[:, 1].tolist(), 0.2)
    assert float(TwoLevel(0.1, 0.2, 1.0)(embeddings, labels)) == pytest.approx(hand, rel=1e-6)


def test_a_label_in_doubt_counts_for_less_in_the_first_level_alone() -> None:
    embeddings, labels = batch(3)
    weights = [1.0, 0.2, 1.0, 0.0, 1.0, 1.0] * 2
    hand = by_hand.supcon(embeddings.numpy(), labels[:, 0].tolist(), 0.1, weights)
    hand += by_hand.supcon(embeddings.numpy(), labels[:, 1].tolist(), 0.2)
    assert float(TwoLevel(0.1, 0.2, 1.0)(embeddings, labels, None, torch.tensor(weights))) == pytest.approx(
        hand, rel=1e-6
    )
