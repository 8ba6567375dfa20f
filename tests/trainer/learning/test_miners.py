"""What counts in a batch, and before an epoch, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from trainer.choices import OFFLINE
from trainer.learning import miners
from trainer.learning.miners import EPSILON, offline_triplets, online_miner

LABELS = [0, 0, 1, 2, 1, 2, 0, 1, 1, 2, 2, 3]  # the last has no partner
Triplets = set[tuple[int, int, int]]


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = normalize(torch.randn(len(LABELS), 4, generator=generator, dtype=torch.float64), dim=1)
    numbers = embeddings.numpy()
    return embeddings, torch.tensor(LABELS), np.linalg.norm(numbers[:, None] - numbers[None], axis=2)


def mined(name: str, margin: float = 0.2, seed: int = 0) -> list[tuple[int, ...]]:
    embeddings, labels, _ = batch(seed)
    found = online_miner(name, margin)(embeddings.requires_grad_(), labels)
    assert found is not None
    return list(zip(*(part.tolist() for part in found), strict=True))


def every_triplet() -> Triplets:
    every = range(len(LABELS))
    pairs = [(a, p) for a in every for p in every if a != p and LABELS[a] == LABELS[p]]
    return {(a, p, n) for a, p in pairs for n in every if LABELS[n] != LABELS[a]}


def test_all_is_everything() -> None:
    embeddings, labels, _ = batch()
    assert online_miner("all")(embeddings, labels) is None


def test_semi_hard_negatives_are_behind_the_positive_by_less_than_the_margin() -> None:
    apart = batch()[2]
    wanted = {(a, p, n) for a, p, n in every_triplet() if 0 < apart[a, n] - apart[a, p] <= 0.3}
    found = mined("semi-hard", 0.3)
    assert set(found) == wanted
    assert len(found) == len(wanted)
    assert wanted < every_triplet()


def test_hard_takes_the_farthest_positive_and_the_nearest_negative() -> None:
    apart = batch()[2]
    wanted = []
    for a, label in enumerate(LABELS):
        positives = [p for p in range(len(LABELS)) if p != a and LABELS[p] == label]
        negatives = [n for n in range(len(LABELS)) if LABELS[n] != label]
        if positives:
            wanted.append((a, max(positives, key=lambda p: apart[a, p]), min(negatives, key=lambda n: apart[a, n])))
    assert mined("hard") == wanted


def test_random_draws_one_triplet_for_each_anchor_that_has_a_partner() -> None:
    torch.manual_seed(1)
    found = mined("random")
    assert sorted(a for a, _, _ in found) == list(range(11))
    assert set(found) <= every_triplet()  # type: ignore[arg-type]
    torch.manual_seed(1)
    assert mined("random") == found
    assert mined("random") != found


def test_multi_similarity_keeps_pairs_that_the_hardest_of_the_other_kind_is_near_to() -> None:
    embeddings, labels, _ = batch(1)
    cosine = (embeddings @ embeddings.T).numpy()
    positives, negatives = set(), set()
    for a, label in enumerate(LABELS):
        same = [k for k in range(len(LABELS)) if k != a and LABELS[k] == label]
        other = [k for k in range(len(LABELS)) if LABELS[k] != label]
        positives |= {(a, p) for p in same if cosine[a, p] - EPSILON < max(cosine[a, n] for n in other)}
        if same:
            negatives |= {(a, n) for n in other if cosine[a, n] + EPSILON > min(cosine[a, p] for p in same)}
    found = online_miner("multi-similarity")(embeddings, labels)
    assert found is not None
    anchors, chosen, others, against = (part.tolist() for part in found)
    assert set(zip(anchors, chosen, strict=True)) == positives
    # An anchor without a positive has no pair to be compared with; the library keeps none of its negatives either.
    assert set(zip(others, against, strict=True)) == negatives


@pytest.mark.parametrize("name", ["semi-hard", "hard", "random", "multi-similarity"])
def test_a_batch_with_nothing_to_mine_gives_nothing(name: str) -> None:
    embeddings, _, _ = batch()
    for labels in (torch.zeros(12, dtype=torch.int64), torch.arange(12)):
        found = online_miner(name)(embeddings, labels)
        assert found is not None
        assert len(found[0]) == 0 or (len(found) == 4 and len(found[2]) == 0)


labels_lists = st.lists(st.integers(0, 3), min_size=4, max_size=40).filter(lambda labels: len(set(labels)) > 1)


@settings(max_examples=40)
@given(labels_lists, st.sampled_from(OFFLINE), st.integers(0, 50))
def test_offline_triplets_are_triplets(labels: list[int], name: str, seed: int) -> None:
    array, rng = np.array(labels), np.random.default_rng(seed)
    embeddings = rng.standard_normal((len(labels), 3)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    triplets = offline_triplets(name, array, rng, embeddings)
    anchor, positive, negative = triplets.T
    assert (anchor != positive).all()
    assert (array[anchor] == array[positive]).all()
    assert (array[anchor] != array[negative]).all()
    counts = np.bincount(array)
    assert sorted(anchor.tolist()) == [n for n, label in enumerate(labels) if counts[label] > 1]
    near = np.einsum("ij,kj->ik", embeddings, embeddings)
    for a, p, n in triplets.tolist() if name != "offline-random" else []:
        others = [k for k in range(len(labels)) if array[k] != array[a]]
        behind = [k for k in others if near[a, k] < near[a, p] - 1e-6]
        if name == "offline-hard":
            assert near[a, n] >= max(near[a, k] for k in others) - 1e-6
        elif behind:
            assert near[a, n] >= max(near[a, k] for k in behind) - 1e-6
            assert near[a, n] < near[a, p] + 1e-6


def test_negatives_of_a_large_catalog_come_from_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miners, "POOL", 6)
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    embeddings = normalize(torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), dim=1).numpy()
    first, second = (offline_triplets("offline-hard", labels, rng, embeddings) for _ in range(2))
    assert len(set(first[:, 2].tolist())) <= 6
    assert (labels[first[:, 0]] != labels[first[:, 2]]).all()
    assert set(first[:, 2].tolist()) != set(second[:, 2].tolist())
