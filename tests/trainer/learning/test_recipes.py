"""Every objective with what goes with it: it learns, weights arrive, and a plan is what the loop can keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from indexer.errors import CatalogError
from indexer.photos.places import FilePlace
from tests.shops.models.plain_backbone import plain_network
from trainer.choices import OBJECTIVES, OFFLINE
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sampling import balanced_batches, codes, random_triplets
from trainer.data.sources import CachedFeatures
from trainer.learning.loop import train
from trainer.learning.objectives.objective import Objective
from trainer.learning.objectives.pairs import OfflineTriplet, triplet_loss
from trainer.learning.recipes import Recipe, category_codes, distances
from trainer.settings import FitSettings

FEATURES, DIMENSION, PHOTOS = 10, 6, 36


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As a fit on cached features has it: a second one only waits for the first."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def shop(*, none: int = 0, kinds: int = 3) -> list[Sample]:
    """Photos of ``kinds`` categories, two of each product; the first ``none`` products have no category."""
    names = ["" if product < none else "abc"[product % kinds] for product in range(PHOTOS // 2)]
    return [Sample(f"{k}.jpg", FilePlace(Path(f"{k}.jpg")), names[k // 2], str(k // 2), k // 2) for k in range(PHOTOS)]


def features(samples: list[Sample], seed: int = 0) -> CachedFeatures:
    """Drawn features in which category and product can be seen, under much else; four views of each photo."""
    rng = np.random.default_rng(seed)
    kinds, products = rng.standard_normal((4, FEATURES)), rng.standard_normal((PHOTOS, FEATURES))
    vectors = [
        [kinds["abc".find(s.category)] + products[s.group] + rng.standard_normal(FEATURES) for _ in range(5)]
        for s in samples
    ]
    torch.manual_seed(seed)
    network = plain_network(width=FEATURES, dimension=DIMENSION)
    return CachedFeatures(network, FeatureBank(np.array(vectors, np.float32)))


def recipe(samples: list[Sample], *, weights: np.ndarray | None = None, **chosen: Any) -> Recipe:
    settings = FitSettings.for_run(**{"recipe": "two-level", "batch": 12, **chosen})
    return Recipe(settings, samples, samples, dimension=DIMENSION, weights=weights)


def learn(made: Recipe, source: CachedFeatures, epochs: int) -> None:
    """The loop in short: the objective's own parameters learn along."""
    groups: list[dict[str, Any]] = [{"params": source.trained().parameters()}]
    groups.append({"params": made.objective.parameters(), "lr": 0.005 * made.objective.rate})
    optimizer = torch.optim.Adam(groups, lr=0.005)
    for epoch in range(epochs):
        rng = np.random.default_rng(epoch)
        for step in made.steps(source, made.plan(rng, source), rng):
            optimizer.zero_grad()
            step.loss.backward()
            optimizer.step()


def loss_of(made: Recipe, source: CachedFeatures) -> float:
    """Mean loss of one fixed epoch, nothing learnt."""
    plan = made.plan(np.random.default_rng(9), source)
    with torch.no_grad():
        return float(np.mean([float(step.loss) for step in made.steps(source, plan, np.random.default_rng(9))]))


COMBINATIONS = [
    *((name, "", "") for name in OBJECTIVES),
    ("two-level", "", "pk"),
    ("supcon", "", "pk"),
    ("arcface", "", "pk"),
    ("instance", "", "random"),
    *(("triplet", miner, "") for miner in ("hard", "all", "random", *OFFLINE)),
    ("contrastive", "multi-similarity", ""),
]


@pytest.mark.parametrize(("objective", "miner", "sampler"), COMBINATIONS)
def test_the_loss_falls(objective: str, miner: str, sampler: str) -> None:
    samples = shop()
    source = features(samples)
    made = recipe(samples, objective=objective, miner=miner, sampler=sampler)
    # What is semi-hard is so at the end as at first: judged by the hardest.
    judge = recipe(samples, objective=objective, miner="hard") if made.settings.miner == "semi-hard" else made
    before = loss_of(judge, source)
    torch.manual_seed(0)
    learn(made, source, 5)
    assert loss_of(judge, source) < 0.95 * before


@pytest.mark.parametrize(("objective", "miner"), [("arcface", ""), ("triplet", "offline-hard")])
def test_the_loop_learns_what_an_objective_brings_and_shows_the_miner_the_photos(objective: str, miner: str) -> None:
    samples = shop()
    source = features(samples)
    made = recipe(samples, objective=objective, miner=miner, epochs=3, learning_rate=0.005)
    before = [own.detach().clone() for own in made.objective.parameters()]
    history = train(source, source, made, made.settings).history
    assert history[-1].loss < history[0].loss
    assert len(before) == (objective == "arcface")
    assert not any(torch.equal(*pair) for pair in zip(before, made.objective.parameters(), strict=True))


def test_what_is_learnt_is_what_validation_sees() -> None:
    samples = shop()
    source = features(samples)
    made = recipe(samples)
    before = made.judge(source)
    learn(made, source, 12)
    assert made.judge(source).score > before.score + 0.2


def test_a_batch_is_photos_in_two_views_with_the_labels_of_the_level() -> None:
    samples = shop(none=3)
    seen: list[tuple[torch.Tensor, torch.Tensor | None]] = []

    class Watched(Objective):
        def forward(self, embeddings, labels, indices_tuple=None, weights=None):  # type: ignore[no-untyped-def]
            del indices_tuple
            seen.append((labels, weights))
            return embeddings.sum()

    doubt = np.linspace(0, 1, PHOTOS, dtype=np.float32)
    categories, groups = category_codes(samples), codes([sample.group for sample in samples])
    for objective, sampler, wanted, weighs in (
        ("two-level", "balanced", np.stack([categories, groups], axis=1), True),
        ("supcon", "balanced", categories, True),
        ("supcon", "pk", groups, False),
        ("instance", "random", groups, False),
        ("nt-xent", "balanced", groups, False),
    ):
        made = recipe(samples, objective=objective, sampler=sampler, weights=doubt)
        made.objective = Watched()
        seen.clear()
        source = features(samples)
        plan = made.plan(np.random.default_rng(0), source)
        steps = list(made.steps(source, plan, np.random.default_rng(0)))
        for indices, step, (labels, weights) in zip(plan, steps, seen, strict=True):
            rows = np.concatenate([indices, indices])
            assert labels.tolist() == wanted[rows].tolist()
            assert (weights is not None) == weighs
            assert weights is None or weights.tolist() == doubt[rows].tolist()
            assert step.distances.positive > 0
        planned = set(np.concatenate(plan).tolist())
        if objective == "supcon" and sampler == "balanced":
            assert planned <= set(np.flatnonzero(categories >= 0).tolist())
        elif sampler != "balanced":
            assert planned == set(range(PHOTOS))


@pytest.mark.parametrize(("objective", "kinds"), [*((name, 1) for name in OBJECTIVES), ("two-level", 0), ("supcon", 0)])
def test_with_one_category_or_none_products_are_what_is_told_apart(objective: str, kinds: int) -> None:
    samples = shop(kinds=1, none=0 if kinds else PHOTOS)
    source = features(samples)
    if objective == "triplet":
        made = recipe(samples, objective=objective, miner="hard")
    else:
        made = recipe(samples, objective=objective)
    plan = made.plan(np.random.default_rng(0), source)
    for step in made.steps(source, plan, np.random.default_rng(0)):
        assert torch.isfinite(step.loss)
        assert step.distances.negative > 0
    judged = made.judge(source)
    assert 0 <= judged.score <= 1
    assert judged.precision_at_1 == judged.score


def test_the_classic_recipe_to_the_letter() -> None:
    samples = shop()
    source = features(samples)
    made = Recipe(FitSettings.for_run("classic"), samples, samples, dimension=DIMENSION)
    assert isinstance(made.objective, OfflineTriplet)
    plan = made.plan(np.random.default_rng(3))
    triplets = random_triplets(category_codes(samples), np.random.default_rng(3))
    assert [len(batch) for batch in plan] == [36, 36, 36]
    assert np.concatenate([batch.reshape(3, -1).T for batch in plan]).tolist() == triplets.tolist()
    for indices, step in zip(plan, made.steps(source, plan, np.random.default_rng(0)), strict=True):
        (inputs,) = source.batches([indices], 0, np.random.default_rng(0))
        embeddings = source.embed(inputs).detach()
        assert float(step.loss.detach()) == float(triplet_loss(embeddings, 1.0))


@pytest.mark.parametrize("miner", OFFLINE)
def test_triplets_of_all_photos_take_two_categories(miner: str) -> None:
    for samples in (shop(kinds=1), shop(none=PHOTOS)):
        with pytest.raises(CatalogError, match=f"miner {miner} .* two categories"):
            recipe(samples, objective="triplet", miner=miner)


def test_the_two_level_plan_is_what_it_was() -> None:
    samples = shop()
    plan = recipe(samples).plan(np.random.default_rng(5))
    wanted = balanced_batches(category_codes(samples), 12, np.random.default_rng(5))
    assert [batch.tolist() for batch in plan] == [batch.tolist() for batch in wanted]


def test_a_plan_that_was_kept_gives_the_same_triplets_later() -> None:
    samples = shop()
    source = features(samples)
    made = recipe(samples, objective="triplet", miner="offline-hard")
    plan = made.plan(np.random.default_rng(0), source)
    learn(made, source, 1)
    again = made.plan(np.random.default_rng(0), source)
    assert np.concatenate(again).tolist() != np.concatenate(plan).tolist()
    steps = list(made.steps(source, plan[1:], np.random.default_rng(0)))
    assert len(steps) == len(plan) - 1


def test_distances() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    found = distances(embeddings, torch.tensor([0, 0, 1]))
    assert found.positive == pytest.approx(2**0.5)
    assert found.negative == pytest.approx((2 + 2**0.5) / 2)
    assert distances(embeddings, torch.tensor([0, 0, 0])).negative == 0
    assert distances(embeddings, torch.tensor([0, 1, 2])).positive == 0
