"""What recommendations are worth, on the sample catalog, where the truth is known, with a model trained on it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from searcher.service import SearchService
from tests.shops.models.trained_shops import TrainedShop

pytestmark = pytest.mark.slow

ROUNDS, K = 40, 10
NEGATIVES = 5
"""Products that stand for "not in this metal": one alone says more about itself than about its metal."""


@dataclass(frozen=True)
class Known:
    """The indexed sample catalog and what is true of it."""

    service: SearchService
    design: dict[str, str]
    metal: dict[str, str]
    category: dict[str, str]

    @property
    def families(self) -> list[list[str]]:
        """Products of one design each, where there are three or more."""
        grouped = defaultdict(list)
        for product, design in self.design.items():
            grouped[design].append(product)
        return [products for products in grouped.values() if len(products) >= 3]


@pytest.fixture(scope="module")
def known(sample_shop: TrainedShop) -> Iterator[Known]:
    design = {row["product_id"]: row["design_id"] for row in sample_shop.truth()}
    service = SearchService(sample_shop.index)
    payloads = {point.payload["product_id"]: point.payload for point in service.published().store.scroll()}
    metal = {product: str(payload["metal"]) for product, payload in payloads.items()}
    category = {product: str(payload["category"]) for product, payload in payloads.items()}
    yield Known(service, design, metal, category)
    service.close()


def test_two_designs_give_both_and_the_strategies_differ_as_documented(known: Known) -> None:
    """`best_score` looks near each example, `average_vector` between them."""
    drawn, both = random.Random(0), {"average_vector": 0, "best_score": 0}
    nearest_to_the_middle = 0
    for _ in range(ROUNDS):
        first, second = drawn.sample(known.families, 2)
        answers = {}
        for strategy in ("average_vector", "best_score"):
            answer = known.service.recommend([first[0], second[0]], strategy=strategy, k=K)
            found = {match.product_id for match in answer.matches}
            both[strategy] += bool(found & set(first)) and bool(found & set(second))
            answers[strategy] = answer.matches
        middle = known.service.similar(vector=_middle(known.service, [first[0], second[0]]), k=K + 2)
        expected = [m.product_id for m in middle.matches if m.product_id not in (first[0], second[0])][:K]
        nearest_to_the_middle += expected == [match.product_id for match in answers["average_vector"]]
    assert both["best_score"] >= 0.9 * ROUNDS
    assert both["best_score"] >= both["average_vector"] > 0  # a model of two parts may find both either way
    assert nearest_to_the_middle == ROUNDS


def test_a_disliked_metal_loses_half_its_share(known: Known) -> None:
    drawn, before, after = random.Random(0), [], []
    for product in drawn.sample(sorted(known.design), 60):
        metal = known.metal[product]
        same = [
            other
            for other in sorted(known.design)
            if other != product and known.metal[other] == metal and known.category[other] == known.category[product]
        ]
        if len(same) < NEGATIVES:
            continue
        disliked = drawn.sample(same, NEGATIVES)
        for shares, negative in ((before, []), (after, disliked)):
            matches = known.service.recommend([product], negative, k=K).matches
            shares.append(np.mean([known.metal[match.product_id] == metal for match in matches]))
    assert len(before) >= 30
    assert np.mean(after) <= 0.5 * np.mean(before)


def test_diversity_shows_more_designs_for_little_likeness(known: Known) -> None:
    drawn, designs, scores = random.Random(0), defaultdict(list), defaultdict(list)
    for product in drawn.sample(sorted(known.design), 60):
        for diversity in (0.0, 0.3):
            matches = known.service.similar(product, k=K, diversity=diversity).matches
            designs[diversity].append(len({known.design[match.product_id] for match in matches}))
            scores[diversity].append(np.mean([match.score for match in matches]))
    assert np.mean(designs[0.3]) > np.mean(designs[0.0])
    assert np.mean(scores[0.3]) >= 0.9 * np.mean(scores[0.0])


def _middle(service: SearchService, products: list[str]) -> np.ndarray:
    """The mean of the products' centres, by hand."""
    centres = []
    for product in products:
        vectors = [p.vector for p in service.published().product(product, vectors=True) if p.vector is not None]
        mean = np.mean(np.stack(vectors).astype(np.float64), axis=0)
        centres.append(mean / np.linalg.norm(mean))
    return np.mean(centres, axis=0)
