"""The report on 100,000 photos, 2 % of them copies, and the check of one new photo: time, memory, F1 of the groups.

JEWELRY_BENCH_LARGE=DIR    keep catalog, model and index in DIR, and find them there the next time
"""

from __future__ import annotations

import csv
import io
import os
import resource
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.sync.run import sync
from searcher.service import SearchService
from tests.bench.duplicates.large_catalog import sketch, write
from tests.bench.duplicates.sketches import draw

pytestmark = pytest.mark.bench

PHOTOS = int(os.environ.get("JEWELRY_BENCH_PHOTOS", "100000"))
CHECKS = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    kept = os.environ.get("JEWELRY_BENCH_LARGE")
    root = Path(kept) if kept else tmp_path_factory.mktemp("large")
    if not (root / "catalog" / "truth.csv").is_file():
        write(root / "catalog", PHOTOS)
    sync(root / "catalog", root / "model" if (root / "model").is_dir() else model, root / "index")
    return root


def test_whole_report(folder: Path) -> None:
    with (folder / "catalog" / "truth.csv").open() as lines:
        truth = {frozenset((row["copy"], row["source"])) for row in csv.DictReader(lines)}
    began, stages, last = time.perf_counter(), {}, [""]

    def note(stage: str, _done: int, _total: int) -> None:
        if stage != last[0]:
            stages[stage] = round(time.perf_counter() - began)
            last[0] = stage

    report = SearchService(folder / "index").duplicates(progress=note)
    took = time.perf_counter() - began
    called = set()
    for group in report.groups:
        if group.tier.is_copy:
            names = sorted(group.products)
            called |= {frozenset((a, b)) for k, a in enumerate(names) for b in names[k + 1 :]}
    right = len(called & truth)
    precision, recall = right / max(1, len(called)), right / len(truth)
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF,)) / 1e6
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"\n{report.counts.photos} photos: {took:.0f} s, stages begin at {stages}")
    print(f"memory at its peak: {memory:.2f} GB, and the largest worker {children:.2f} GB")
    f1 = 2 * precision * recall / (precision + recall)
    print(f"copies: precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}")
    print(report.summary(), report.notes)


def test_check_of_one_new_photo(folder: Path) -> None:
    service = SearchService(folder / "index")
    photos = sorted((folder / "catalog").rglob("S*.jpg"))
    chosen = np.random.default_rng(1).choice(len(photos), CHECKS, replace=False)
    times: dict[str, list[float]] = {"resized copies": [], "new designs": []}
    found = dict.fromkeys(times, 0)
    for number, place in enumerate(chosen.tolist()):
        with Image.open(photos[place]) as image:
            asked = {"resized copies": image.convert("RGB"), "new designs": draw(sketch(2 * PHOTOS + number))}
        for kind, photo in asked.items():
            file = io.BytesIO()
            photo.resize((200, 200)).save(file, "JPEG", quality=75)
            began = time.perf_counter()
            check = service.check_duplicates(file.getvalue())
            if number >= 10:  # the first ones load the model
                times[kind].append(1000 * (time.perf_counter() - began))
            found[kind] += check.is_duplicate
    both = times | {"both": [one for kind in times.values() for one in kind]}
    for kind, took in both.items():
        print(f"\ncheck of {kind}: p50 {np.percentile(took, 50):.0f} ms, p95 {np.percentile(took, 95):.0f} ms", end="")
        print(f", {found[kind]} of {CHECKS} called duplicates" if kind in found else "")
