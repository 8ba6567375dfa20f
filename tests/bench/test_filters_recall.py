"""What filters cost and find, embedded: recall@10 and times by the share that a filter keeps, before and after.

Before is an index as it was built and asked until policies came: links in the graph for every field, 64 candidates,
everything read into each process's memory. Both are built and asked in one run, in turn.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import Filter
from indexer.store.policy import POLICY, Policy
from tests.bench.opening import opened
from tests.shops.indexes.drawn_payload import RECORD
from tests.shops.indexes.landed_shard import as_landed
from tests.shops.indexes.unaligned_points import FILTERS, drawn_points, drawn_questions

pytestmark = pytest.mark.bench

K, ROUNDS = 10, 3
LANDED = Policy(plain_above=-1.0, plain_ef=64)
"""Always a plain walk; the engine itself compared one by one what a filter kept of less than 4,000 KB."""


def build(folder: Path, points: int) -> float:
    """Publish so many points; returns the seconds of all cores that graph and publishing took: a shared machine's
    clock would say what else it does.
    """
    with EmbeddedIndex(folder).write() as writer:
        draft = writer.draft(RECORD, from_published=False)
        began = time.perf_counter()
        draft.upsert(drawn_points(points))
        upserted, cores = time.perf_counter(), time.process_time()
        print(f"{folder.name}: upsert {upserted - began:.0f} s", flush=True)
        draft.publish()
        published, cores = time.perf_counter() - upserted, time.process_time() - cores
    print(f"{folder.name}: graph and publish {published:.0f} s, {cores:.0f} s of all cores", flush=True)
    return cores


def ask(store: Any, questions: NDArray[np.float32], where: Filter | None) -> tuple[list[set[str]], float, float]:
    """What is found, and medians in milliseconds: by the clock, and of the cores, which other work disturbs less."""
    found, times, cores = [], [], []
    for question in questions:
        began, used = time.perf_counter(), time.process_time()
        [hits] = store.search(question[None], limit=K, where=where, fields=["product_id"])
        times.append(1000 * (time.perf_counter() - began))
        cores.append(1000 * (time.process_time() - used))
        found.append({hit.id for hit in hits})
    return found, statistics.median(times), statistics.median(cores)


def report(folders: dict[str, tuple[Path, Policy]], points: int, questions: NDArray[np.float32]) -> None:
    """Print recall and times of each index for each filter, asked in turn."""
    stores: dict[str, Any] = {}
    for name, (folder, policy) in folders.items():
        stores[name] = EmbeddedIndex(folder).read()
        stores[name].policy = policy
    for label, where in FILTERS.items():
        first = next(iter(stores.values()))
        truth = [
            {hit.id for hit in first.search(question[None], limit=K, where=where, exact=True, fields=[])[0]}
            for question in questions
        ]
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in stores}
        recalls = {}
        for _ in range(ROUNDS):
            for name, store in stores.items():
                found, clock, cores = ask(store, questions, where)
                rounds[name].append((clock, cores))
                recalls[name] = statistics.mean(len(a & b) / len(b) for a, b in zip(found, truth, strict=True))
        said = []
        for name, measured in rounds.items():
            clock, cores = (statistics.median(column) for column in zip(*measured, strict=True))
            said.append(f"{name} {recalls[name]:.4f} / {clock:.2f} / {cores:.2f} ms")
        kept = first.count(where)
        print(f"{points:,} points, {label} ({kept:,}): recall@{K} / p50 / of the cores: {'; '.join(said)}", flush=True)
    for store in stores.values():
        store.close()


def test_filters_at_100_000_before_and_after(tmp_path: Path) -> None:
    """Each with its build, its opening and what it then holds in memory of its own."""
    points = 100_000
    before, after = tmp_path / "before", tmp_path / "after"
    print()
    with as_landed():
        building = build(before, points)
    print(f"build: {build(after, points) / building:.2f} of before")
    runs = [(opened(before), opened(after)) for _ in range(ROUNDS)]
    for number, (what, unit) in enumerate((("opening", "s"), ("own memory", "MB"))):
        old, new = (statistics.median(run[side][number] for run in runs) for side in (0, 1))
        print(f"{what}: {old:.2f} {unit} before, {new:.2f} after, {new / old:.2f} of it")
    report({"before": (before, LANDED), "after": (after, POLICY)}, points, drawn_questions(points, 200))


@pytest.mark.full
def test_filters_at_1_000_000(tmp_path: Path) -> None:
    """A million, after alone: with links for every field its graph takes hours."""
    points = 1_000_000
    print()
    build(tmp_path / "million", points)
    seconds, megabytes = opened(tmp_path / "million")
    print(f"opening {seconds:.1f} s, own memory {megabytes:.0f} MB")
    report({"after": (tmp_path / "million", POLICY)}, points, drawn_questions(points, 100))
