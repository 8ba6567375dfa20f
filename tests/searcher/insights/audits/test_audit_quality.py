"""What the audits and clusters are worth: planted wrong labels are found, and clusters are the true designs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from searcher.insights.audits.mislabels import find_mislabels
from searcher.search.ground.published import Published
from searcher.service import SearchService
from tests.shops.models.trained_shops import TrainedShop, categories_of, draw_flips, with_labels

pytestmark = pytest.mark.slow

SHARE = 0.03
SEEDS = range(5)


def found_first(index: Path, folder: Path, seed: int) -> tuple[float, float]:
    """Share of the flipped products among the first 5 % of the ranking, and the ranking's average precision."""
    from sklearn.metrics import average_precision_score

    categories = categories_of(index)
    flips = draw_flips(categories, SHARE, seed)
    service = SearchService(with_labels(index, folder / f"flipped-{seed}", flips))
    report = service.mislabels(limit=len(categories))
    service.close()
    flipped = np.array([entry.product_id in flips for entry in report.entries])
    scores = np.array([entry.score for entry in report.entries])
    assert len(flipped) == len(categories)
    first = flipped[: max(1, round(0.05 * len(categories)))].sum() / len(flips)
    return float(first), float(average_precision_score(flipped, scores))


@pytest.mark.parametrize("shop", ["sample_shop", "real_shop"])
def test_flipped_labels_come_first(shop: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Real labels have mistakes of their own, which stand before some flipped ones and count against the ranking."""
    index = request.getfixturevalue(shop).index
    firsts, precisions = zip(*(found_first(index, tmp_path, seed) for seed in SEEDS), strict=True)
    assert min(firsts) >= 0.8, firsts
    assert np.mean(precisions) >= 0.9, precisions


def test_the_suggested_category_is_the_true_one(sample_shop: TrainedShop, tmp_path: Path) -> None:
    categories = categories_of(sample_shop.index)
    flips = draw_flips(categories, SHARE, 11)
    index = with_labels(sample_shop.index, tmp_path / "flipped", flips)
    report = find_mislabels(Published(index, None), limit=len(flips))
    right = [entry.suggested == categories[entry.product_id] for entry in report.entries if entry.product_id in flips]
    assert sum(right) >= 0.8 * len(flips)


def test_clusters_are_designs(sample_shop: TrainedShop) -> None:
    """By the rows of the truth, one a photo. By products, where most designs have one product, it is lower: .71."""
    from sklearn.metrics import adjusted_mutual_info_score

    service, truth = SearchService(sample_shop.index), sample_shop.truth()
    cluster = service.clusters().assignments()
    service.close()
    photos = [cluster.get(row["product_id"], row["product_id"]) for row in truth]
    alone = [row["product_id"] for row in truth]
    designs = [row["design_id"] for row in truth]
    assert adjusted_mutual_info_score(designs, photos) >= 0.85
    assert adjusted_mutual_info_score(designs, alone) < 0.8, "what is known before any cluster was found"
    of_product = {row["product_id"]: row["design_id"] for row in truth}
    products = sorted(of_product)
    found = [cluster.get(product, product) for product in products]
    assert adjusted_mutual_info_score([of_product[product] for product in products], found) >= 0.65
