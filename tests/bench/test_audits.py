"""Mislabels beside cleanlab, and what mislabels, outliers and clusters of 100,000 photos take."""

from __future__ import annotations

import resource
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import GenerationRecord, Point
from searcher.insights.audits.mislabels import judge_labels
from searcher.insights.gallery import read_gallery
from searcher.service import SearchService
from tests.shops.models.trained_shops import categories_of, draw_flips, with_labels

pytestmark = pytest.mark.bench

SHARE, SEEDS = 0.03, range(5)
PHOTOS, A_PRODUCT, CATEGORIES = 100_000, 3, 8


@pytest.mark.parametrize("shop", ["sample_shop", "real_shop"])
def test_average_precision_beside_cleanlab(shop: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """cleanlab's self-confidence over cross-validated logistic regression on the same embeddings, folds by product."""
    from sklearn.metrics import average_precision_score

    index = request.getfixturevalue(shop).index
    categories = categories_of(index)
    ours, theirs, first = [], [], []
    for seed in SEEDS:
        flips = draw_flips(categories, SHARE, seed)
        service = SearchService(with_labels(index, tmp_path / str(seed), flips))
        judged = judge_labels(service.published())
        products = judged.gallery.products
        flipped = np.array([product in flips for product in products])
        ours.append(average_precision_score(flipped, judged.judgement.evidence))
        ranked = flipped[np.argsort(-judged.judgement.evidence, kind="stable")]
        first.append(ranked[: max(1, round(0.05 * len(flipped)))].sum() / len(flips))
        quality = cleanlab_quality(service)
        theirs.append(average_precision_score(flipped, [-quality[product] for product in products]))
        service.close()
    print(f"\n{shop}: first 5 % hold {np.mean(first):.3f} (least {min(first):.3f})")
    for name, precision in (("ours", ours), ("cleanlab", theirs)):
        print(f"  average precision, {name}: {np.mean(precision):.3f} ± {np.std(precision):.3f}")


def cleanlab_quality(service: SearchService) -> dict[str, float]:
    """Mean label quality of each product's photos."""
    rank = pytest.importorskip("cleanlab.rank", reason="cleanlab is not installed: pip install cleanlab")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    gallery = read_gallery(service.published().store)
    _, labels = gallery.labels("category")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = cross_val_predict(
            LogisticRegression(max_iter=400),
            gallery.vectors,
            labels,
            cv=StratifiedGroupKFold(5),
            groups=gallery.product,
            method="predict_proba",
        )
    quality = np.add.reduceat(rank.get_label_quality_scores(labels, found), gallery.starts[:-1]) / gallery.photo_counts
    return dict(zip(gallery.products, quality.tolist(), strict=True))


def large_shop(folder: Path, photos: int) -> SearchService:
    """Photos of products of designs of eight categories, as spread as a catalog's."""
    random = np.random.default_rng(0)
    products = photos // A_PRODUCT
    designs = (
        random.normal(size=(products // 3, 128))
        + 3 * random.normal(size=(CATEGORIES, 128))[np.arange(products // 3) % CATEGORIES]
    )
    of_product = designs[np.arange(products) // 3 % len(designs)] + 0.4 * random.normal(size=(products, 128))

    def points() -> Iterator[Point]:
        for number in range(products * A_PRODUCT):
            product = number // A_PRODUCT
            vector = (of_product[product] + 0.3 * random.normal(size=128)).astype(np.float32)
            category = f"kind {product // 3 % len(designs) % CATEGORIES}"
            payload = {
                "product_id": f"P{product:06d}",
                "category": category,
                "predicted_category": category,
                "predicted_confidence": 0.9,
                "photo": {
                    "path": f"{number}.jpg",
                    "rank": number % A_PRODUCT,
                    "sha256": f"{number:064x}",
                    "pixel_sha256": f"{number:064x}",
                },
            }
            yield Point(str(uuid.UUID(int=random.integers(2**63))), payload, vector / np.linalg.norm(vector))

    index = EmbeddedIndex(folder)
    with index.write() as writer:
        record = GenerationRecord("bench", 128, {}, "/", "/", "2026-01-01T00:00:00Z")
        draft = writer.draft(record, from_published=False)
        draft.upsert(points())
        draft.publish()
    return SearchService(index)


def test_a_hundred_thousand_photos(tmp_path: Path) -> None:
    began = time.perf_counter()
    service = large_shop(tmp_path / "index", PHOTOS)
    print(f"\nbuilt in {time.perf_counter() - began:.0f} s, peak {peak()} MB")
    for name in ("mislabels", "outliers", "clusters"):
        report = getattr(service, name)()
        print(f"{name}: {report.took_s:.1f} s, peak {peak()} MB; {report.summary()}")
    service.close()


def peak() -> int:
    """Megabytes this process held at most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
