"""Each objective's value against the same loss in plain loops; weights; gradients of what is not the library's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from pytorch_metric_learning.losses import NTXentLoss
from torch import Tensor
from torch.nn.functional import normalize

from tests.trainer.learning.objectives import by_hand
from trainer.learning.objectives.objective import Objective
from trainer.learning.objectives.pairs import (
    Contrastive,
    MultiSimilarity,
    NPair,
    OfflineTriplet,
    Triplet,
    n_pair_tuples,
)
from trainer.learning.objectives.proxies import SUB_CENTRES, ArcFace, ProxyAnchor, Softmax, SubCentreArcFace
from trainer.learning.objectives.softmax import NTXent, SupCon, TwoLevel

LABELS = [0, 0, 1, 2, 1, 2, 0, 1, 1, 2, 2]
WEIGHTS = [1.0, 0.5, 1.0, 0.25, 1.0, 0.0, 1.0, 0.75, 1.0, 1.0, 0.5]
Hand = Callable[[Objective, by_hand.Vectors, Sequence[float] | None], float]


def batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = normalize(torch.randn(len(LABELS), 6, generator=generator, dtype=torch.float64), dim=1)
    return embeddings, torch.tensor(LABELS)


CHOSEN = [(0, 1, 2), (3, 5, 0), (4, 2, 10)]


def centres_of(objective: Objective, each: int) -> by_hand.Vectors:
    weights = next(objective.parameters()).detach().double().numpy()
    return weights.T.reshape(3, each, 6)


def proxies_of(objective: Objective) -> by_hand.Vectors:
    return next(objective.parameters()).detach().double().numpy()


CASES: dict[str, tuple[Objective, Hand]] = {
    "supcon": (SupCon(0.3), lambda _, e, w: by_hand.supcon(e, LABELS, 0.3, w)),
    "nt-xent": (NTXent(0.3), lambda _, e, w: by_hand.nt_xent(e, LABELS, 0.3, w)),
    "triplet": (
        Triplet(0.4),
        lambda _, e, w: by_hand.triplet(e, by_hand.triplets_of(LABELS), 0.4, only_above_zero=True, weights=w),
    ),
    "contrastive": (Contrastive(1.2), lambda _, e, w: by_hand.contrastive(e, LABELS, 1.2, w)),
    "multi-similarity": (MultiSimilarity(0.4, 0.1), lambda _, e, w: by_hand.multi_similarity(e, LABELS, 0.4, 0.1, w)),
    "n-pair": (NPair(0.2), lambda _, e, w: by_hand.n_pair(e, LABELS, 0.2, w)),
    "softmax": (
        Softmax(3, 6, 0.1),
        lambda loss, e, w: by_hand.arcface(e, LABELS, centres_of(loss, 1), 0.0, 0.1, w),
    ),
    "proxy-anchor": (
        ProxyAnchor(3, 6, 0.1, 0.1),
        lambda loss, e, _: by_hand.proxy_anchor(e, LABELS, proxies_of(loss), 0.1, 0.1),
    ),
    "arcface": (
        ArcFace(3, 6, 0.5, 0.1),
        lambda loss, e, w: by_hand.arcface(e, LABELS, centres_of(loss, 1), 0.5, 0.1, w),
    ),
    "sub-centre-arcface": (
        SubCentreArcFace(3, 6, 0.5, 0.1),
        lambda loss, e, w: by_hand.arcface(e, LABELS, centres_of(loss, SUB_CENTRES), 0.5, 0.1, w),
    ),
}


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["all alike", "weighted"])
@pytest.mark.parametrize("name", CASES)
def test_the_value(name: str, weights: list[float] | None) -> None:
    objective, hand = CASES[name]
    embeddings, labels = batch()
    given = None if weights is None else torch.tensor(weights)
    found = float(objective(embeddings, labels, None, given).detach())
    assert found == pytest.approx(hand(objective, embeddings.numpy(), weights), rel=1e-5)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["all alike", "weighted"])
def test_offline_triplets_are_the_mean_of_all_that_were_chosen(weights: list[float] | None) -> None:
    embeddings, labels = batch()
    triplets = tuple(torch.tensor(CHOSEN).T)
    found = OfflineTriplet(0.4)(embeddings, labels, triplets, None if weights is None else torch.tensor(weights))
    hand = by_hand.triplet(embeddings.numpy(), CHOSEN, 0.4, only_above_zero=False, weights=weights)
    assert float(found) == pytest.approx(hand, rel=1e-5)


def test_mined_triplets_are_those_that_count() -> None:
    embeddings, labels = batch()
    found = Triplet(1.5)(embeddings, labels, tuple(torch.tensor(CHOSEN).T))
    hand = by_hand.triplet(embeddings.numpy(), CHOSEN, 1.5, only_above_zero=True)
    assert float(found) == pytest.approx(hand, rel=1e-5)


def test_nt_xent_is_the_librarys() -> None:
    embeddings, labels = batch(3)
    assert float(NTXent(0.2)(embeddings, labels)) == pytest.approx(float(NTXentLoss(0.2)(embeddings, labels)), rel=1e-6)


def test_equal_weights_are_none() -> None:
    embeddings, labels = batch(4)
    for name, (objective, _) in CASES.items():
        alike = objective(embeddings, labels, None, torch.full((len(LABELS),), 0.5))
        assert float(alike.detach()) == pytest.approx(float(objective(embeddings, labels).detach()), rel=1e-6), name


def test_a_weight_does_not_stay_for_the_next_batch() -> None:
    embeddings, labels = batch(5)
    for name, (objective, _) in CASES.items():
        before = float(objective(embeddings, labels).detach())
        objective(embeddings, labels, None, torch.tensor(WEIGHTS))
        assert float(objective(embeddings, labels).detach()) == before, name


def test_weights_of_zero_alone_are_no_loss_and_no_nan() -> None:
    embeddings, labels = batch()
    for name, (objective, _) in CASES.items():
        if name == "proxy-anchor":  # it takes none
            continue
        seen = embeddings.clone().requires_grad_()
        loss = objective(seen, labels, None, torch.zeros(len(LABELS)))
        (slope,) = torch.autograd.grad(loss, seen)
        assert float(loss.detach()) == 0, name
        assert slope.abs().max() == 0, name


def test_photos_of_one_label_give_nothing_to_tell_apart() -> None:
    embeddings = batch()[0].requires_grad_()
    alone = torch.zeros(len(LABELS), dtype=torch.int64)
    for objective in (SupCon(0.1), NTXent(0.1), Triplet(0.2), NPair(0.1)):
        loss = objective(embeddings, alone)
        (slope,) = torch.autograd.grad(loss, embeddings)
        assert float(loss.detach()) == 0
        assert torch.isfinite(slope).all()


def test_half_precision_leaves_the_proxies_as_they_are() -> None:
    embeddings, labels = batch()
    for name in ("proxy-anchor", "arcface", "sub-centre-arcface"):
        objective = CASES[name][0].float()
        loss = objective(embeddings.to(torch.bfloat16), labels)
        assert loss.dtype == next(objective.parameters()).dtype == torch.float32


def test_a_photo_that_lies_on_its_centre_has_a_slope() -> None:
    objective = ArcFace(3, 6, 0.5, 0.1).double()
    centres = normalize(next(objective.parameters()).detach(), dim=0)
    embeddings = centres.T.clone().requires_grad_()
    (slope,) = torch.autograd.grad(objective(embeddings, torch.arange(3)), embeddings)
    assert torch.isfinite(slope).all()


FEW = torch.tensor([0, 0, 1, 1, 1])
OWN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "nt-xent": lambda e, w: NTXent(0.3)(e, FEW, None, w),
    "supcon": lambda e, w: SupCon(0.3)(e, FEW, None, w),
    "n-pair": lambda e, w: NPair(0.3)(e, FEW, None, w),
    "offline triplets": lambda e, w: OfflineTriplet(1.5)(e, FEW, ([0, 2], [1, 3], [4, 0]), w),  # type: ignore[arg-type]
    "two-level": lambda e, w: TwoLevel(0.3, 0.2, 0.7)(e, torch.stack([FEW, torch.arange(5) // 2], dim=1), None, w),
    "arcface": lambda e, w: ArcFace(2, 2, 0.5, 0.3)(e, FEW, None, w),
}


@pytest.mark.parametrize("name", OWN)
def test_the_gradient_is_that_of_the_value(name: str) -> None:
    weights = torch.tensor([1.0, 0.5, 1.0, 0.25, 0.75], dtype=torch.float64)

    def loss(vectors: Tensor) -> Tensor:
        torch.manual_seed(0)  # the same centres at every call
        return OWN[name](normalize(vectors, dim=1), weights)

    vectors = torch.randn(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert torch.autograd.gradcheck(loss, (vectors.requires_grad_(),), check_undefined_grad=False)


def test_proxies_have_gradients_too() -> None:
    embeddings, labels = batch(1)
    for name in ("softmax", "proxy-anchor", "arcface", "sub-centre-arcface"):
        objective = CASES[name][0]
        objective.zero_grad()
        objective(embeddings, labels).backward()
        (own,) = objective.parameters()
        assert own.grad is not None
        assert float(own.grad.abs().sum()) > 0


def test_pairs_of_n_pair() -> None:
    tuples = [rows.tolist() for rows in n_pair_tuples(torch.tensor([5, 3, 5, 3, 3, 5, 3, 5, 9]))]
    assert tuples == [[1, 0, 3, 2], [4, 5, 6, 7]]
    assert n_pair_tuples(torch.tensor([1, 1, 1, 1, 2])) == []
    assert np.size(n_pair_tuples(torch.tensor([], dtype=torch.int64))) == 0
