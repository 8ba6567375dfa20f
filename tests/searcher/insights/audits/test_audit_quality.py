"""What the audits and clusters are worth: planted wrong labels are found, and clusters are the true designs."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from indexer.sync.run import sync
from searcher.insights.audits.mislabels import find_mislabels, judge_labels
from searcher.search.ground.published import Published
from searcher.service import SearchService
from tests.shops.catalogs.stray_pictures import write_strays
from tests.shops.models.trained_shops import TrainedShop, categories_of, draw_flips, with_labels

pytestmark = pytest.mark.slow

SHARE = 0.03
SEEDS = range(5)


def found_first(index: Path, folder: Path, seed: int) -> tuple[float, float]:
    """Share of the flipped products among the first 5 % of the ranking, and the ranking's average precision."""
    from sklearn.metrics import average_precision_score

    categories = categories_of(index)
    flips = draw_flips(categories, SHARE, seed)
    judged = judge_labels(Published(with_labels(index, folder / f"flipped-{seed}", flips), None))
    flipped = np.array([product in flips for product in judged.gallery.products])
    assert len(flipped) == len(categories)
    ranked = flipped[np.argsort(-judged.judgement.evidence, kind="stable")]
    first = ranked[: max(1, round(0.05 * len(categories)))].sum() / len(flips)
    return float(first), float(average_precision_score(flipped, judged.judgement.evidence))


@pytest.mark.parametrize("shop", ["sample_shop", "real_shop"])
def test_flipped_labels_come_first(shop: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Real labels have mistakes of their own, which stand before some flipped ones and count against the ranking."""
    index = request.getfixturevalue(shop).index
    firsts, precisions = zip(*(found_first(index, tmp_path, seed) for seed in SEEDS), strict=True)
    assert min(firsts) >= 0.8, firsts
    assert np.mean(precisions) >= 0.9, precisions


def test_real_labels_as_they_are_raise_few_alarms(real_shop: TrainedShop) -> None:
    """They are right but for a few that people disagree on: rows there are at most three."""
    service = SearchService(real_shop.index)
    assert len(service.mislabels().entries) <= 3
    service.close()


def test_what_is_listed_is_wrong_as_often_as_it_says(real_shop: TrainedShop, tmp_path: Path) -> None:
    categories = categories_of(real_shop.index)
    listed, wrong, claimed = 0, 0, 0.0
    for seed in SEEDS:
        flips = draw_flips(categories, SHARE, seed)
        report = find_mislabels(Published(with_labels(real_shop.index, tmp_path / str(seed), flips), None), limit=1000)
        listed += len(report.entries)
        wrong += sum(entry.product_id in flips for entry in report.entries)
        claimed += sum(entry.score for entry in report.entries)
    assert wrong >= 0.8 * len(SEEDS) * len(flips)
    assert wrong >= 0.75 * listed
    assert claimed / listed - wrong / listed < 0.15


def test_strays_stand_out_and_no_piece_is_called_one(real_shop: TrainedShop, tmp_path: Path) -> None:
    """Twenty pictures of no product among real photos, spread over the categories."""
    catalog = tmp_path / "catalog"
    shutil.copytree(real_shop.catalog, catalog)
    with (catalog / "catalog.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    names = sorted({row["category"] for row in rows})
    with (catalog / "catalog.csv").open("a", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        for number, path in enumerate(write_strays(catalog / "strays")):
            row = {"product_id": f"STRAY-{path.stem}", "image": f"strays/{path.name}"}
            writer.writerow(row | {"category": names[number % len(names)]})
    sync(catalog, real_shop.root / "model", tmp_path / "index")
    service = SearchService(tmp_path / "index")
    report = service.outliers()
    service.close()
    assert sum(entry.product_id.startswith("STRAY") for entry in report.entries[:25]) >= 18
    called = [entry.product_id for entry in report.no_jewelry]
    assert called
    assert all(product.startswith("STRAY") for product in called)
    assert "like none of bracelets, earrings, necklaces, rings, watches." in report.no_jewelry[0].reasons[1]


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
