"""Duplicate detection measured: this detector, imagededup and one threshold on embeddings, on the same labelled photos.

    JEWELRY_BENCH_DUPLICATES=DIR    keep photos, model and indexes in DIR, and find them there the next time

The model is trained on another sample catalog; calibration and test photos show other designs. It ends by writing the
verifier that comes with the package to DIR/verifier.json.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from indexer.catalog.reading import read_catalog
from indexer.sample_catalog import write_sample
from indexer.sync.run import sync
from searcher.insights.duplicates.answers import Tier
from searcher.insights.duplicates.verify.verifier import Verifier
from searcher.service import SearchService
from tests.bench.duplicates.baselines import all_pairs, cosine_scores, imagededup, phash_codes, phash_scores, show
from tests.bench.duplicates.dataset import HELD_OUT, read_dataset, write_dataset
from tests.bench.duplicates.detector import Split, calibrated, open_split
from tests.bench.duplicates.measures import Scored, Truth, false_positive_rates, group_score, recall_by_edit
from tests.shops.real_data import TEST_DATA

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, imagenet_weights: Path) -> Path:
    """Labelled photos, a model, and an index of each split."""
    kept = os.environ.get("JEWELRY_BENCH_DUPLICATES")
    root = Path(kept) if kept else tmp_path_factory.mktemp("duplicates")
    if not (root / "set" / "truth.csv").is_file():
        real = TEST_DATA / "data" / "jewelry"
        write_dataset(root / "set", real=real if real.is_dir() else None)
    if not (root / "model").is_dir():
        from trainer.fit.run import fit
        from trainer.settings import FitSettings

        write_sample(root / "sample", products=240, size=224)
        fit(read_catalog(root / "sample"), root / "model", FitSettings(weights=str(imagenet_weights)))
    for split in ("calibration", "test"):
        sync(root / "set" / split, root / "model", root / f"index-{split}")
    return root


@pytest.fixture(scope="module")
def verifier(folder: Path) -> Verifier:
    made = calibrated(open_split(folder / "index-calibration", read_dataset(folder / "set", "calibration")))
    made.write(folder / "verifier.json")
    return made


@pytest.fixture(scope="module")
def split(folder: Path) -> Split:
    return open_split(folder / "index-test", read_dataset(folder / "set", "test"))


def test_pairs(split: Split, verifier: Verifier) -> None:
    """Micro average precision, recall at a precision, false positives per hard negative, recall per edit."""
    scores = split.scores(verifier)
    scored = Scored(split.truth, split.first, split.second, scores)
    print(f"\ncalibrated: {verifier.summary()['held_out']}, {verifier.thresholds}")
    show("this detector", scored, 1000 * split.seconds / len(split.rows))
    called = scores >= verifier.thresholds.copy
    known = split.labels != "ignore"
    right = (split.labels[called] == "copy").sum()
    print(f"at its own threshold: recall {right / split.truth.copies_of.sum():.3f}, ", end="")
    print(f"precision {right / max(1, (called & known).sum()):.3f}, false positives ", end="")
    print(false_positive_rates(scored, verifier.thresholds.copy))
    found = recall_by_edit(scored, scored.curve().threshold_at(0.99))
    print(f"recall at precision .99 by edit (left out of calibration: {HELD_OUT}): {found}")


def test_groups(folder: Path, verifier: Verifier) -> None:
    """The whole report, as a shop gets it: pairwise F1 of its groups, and how many variants it calls copies."""
    rows = read_dataset(folder / "set", "test")
    number = {row.key: place for place, row in enumerate(rows)}
    path = folder / "verifier.json"
    verifier.write(path)
    began = time.perf_counter()
    report = SearchService(folder / "index-test").duplicates(verifier=path, budget=3600)
    took = time.perf_counter() - began
    truth = Truth(rows)
    copies = [
        [
            number[m.photo.product_id]
            for m in g.members
            if m.tier is None or m.tier in (Tier.EDITED, Tier.IDENTICAL_FILE)
        ]
        for g in report.groups
        if g.tier.is_copy
    ]
    variants = truth_pairs = 0
    for group in report.groups:
        for member in group.members[1:]:
            pair = np.array([number[group.members[0].photo.product_id]]), np.array([number[member.photo.product_id]])
            if member.tier is not None and truth.of(*pair)[0] == 2:
                truth_pairs += 1
                variants += member.tier.is_copy
    print(
        f"\ngroups of copies: {group_score(truth, copies)}; variants called copies {variants} of {truth_pairs} reported"
    )
    print(f"{report.summary()}, {1000 * took / len(rows):.0f} ms a photo")


def test_baselines(split: Split, folder: Path, imagenet_weights: Path) -> None:
    imagededup()
    from tests.bench.duplicates.baselines import cnn_vectors

    first, second = all_pairs(len(split.rows))
    began = time.perf_counter()
    codes = phash_codes(folder / "set", split.rows)
    ms = 1000 * (time.perf_counter() - began) / len(split.rows)
    show("\nimagededup pHash", Scored(split.truth, first, second, phash_scores(codes, first, second)), ms)
    vectors = np.empty((len(split.rows), split.table.vectors.shape[1]), np.float32)
    vectors[split.of_table] = split.table.vectors
    show("embedding, one threshold", Scored(split.truth, first, second, cosine_scores(vectors, first, second)), 0.0)
    began = time.perf_counter()
    vectors = cnn_vectors(folder / "set", split.rows, imagenet_weights)
    ms = 1000 * (time.perf_counter() - began) / len(split.rows)
    show("imagededup CNN", Scored(split.truth, first, second, cosine_scores(vectors, first, second)), ms)
