"""Candidates against brute force: every pair of near neighbours once, identical photos as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import Point
from searcher.insights.duplicates.pairs.candidates import CLOSEST, Candidates, known_of, neighbours
from searcher.insights.duplicates.pairs.photo_table import PhotoTable
from tests.shops.indexes.built_index import publish, record

PHOTOS, K = 60, 5


def rows_of(vectors: NDArray[np.float32], files: list[str]) -> list[Point]:
    points = []
    for number, (vector, file) in enumerate(zip(vectors, files, strict=True)):
        photo = {
            "path": f"{number}.jpg",
            "sha256": file,
            "pixel_sha256": file,
            "phash": f"{number:016x}",
            "width": 9.0,
            "height": 9.0,
            "bytes": 1.0,
            "rank": 0.0,
            "mtime_ns": 0,
        }
        points.append(
            Point(f"00000000-0000-4000-8000-{number:012d}", {"product_id": f"P{number}", "photo": photo}, vector)
        )
    return points


@pytest.fixture
def table(tmp_path: Path) -> tuple[PhotoTable, EmbeddedIndex]:
    """Sixty photos; numbers 10 to 29 are one file, which would fill every list around it."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(PHOTOS, 128)).astype(np.float32)
    vectors[10:30] = vectors[10]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    files = [f"{10 if 10 <= n < 30 else n:064x}" for n in range(PHOTOS)]
    index = EmbeddedIndex(tmp_path / "index")
    publish(index, rows_of(vectors, files), record("f" * 64, "model", "/"))
    return PhotoTable.read(index.read()), index


def known(table: PhotoTable, candidates: Candidates) -> NDArray[np.float32]:
    first, second = candidates.pairs.T
    fifth, hashes = candidates.fifth, table.hashes
    return known_of(
        candidates.cosines, (fifth[first], fifth[second]), candidates.ranks, (hashes[first], hashes[second])
    )


def by_hand(table: PhotoTable) -> dict[int, list[tuple[int, float]]]:
    """Nearest different pictures of each picture, by numpy."""
    nodes = sorted(set(table.alike.tolist()))
    scores = table.vectors.astype(np.float64) @ table.vectors.astype(np.float64).T
    return {
        node: sorted(((other, scores[node, other]) for other in nodes if other != node), key=lambda one: -one[1])[:K]
        for node in nodes
    }


def test_neighbours_are_the_nearest_different_pictures(table: tuple[PhotoTable, EmbeddedIndex]) -> None:
    photos, index = table
    nodes = np.unique(photos.alike)
    assert len(nodes) == PHOTOS - 19
    found = neighbours(index.read(), photos, nodes, k=K)
    for row, near, cosines in zip(found.rows, found.near, found.cosines, strict=True):
        expected = by_hand(photos)[int(row)]
        assert near.tolist() == [other for other, _ in expected]
        assert cosines == pytest.approx([score for _, score in expected], abs=1e-5)


def test_every_pair_of_neighbours_is_a_candidate_once(table: tuple[PhotoTable, EmbeddedIndex]) -> None:
    photos, index = table
    nodes = np.unique(photos.alike)
    batches = [neighbours(index.read(), photos, part, k=K) for part in np.array_split(nodes, 4)]
    candidates = Candidates.of(photos, batches)
    expected = {(min(a, b), max(a, b)) for a, near in by_hand(photos).items() for b, _ in near}
    assert [tuple(pair) for pair in candidates.pairs.tolist()] == sorted(expected)
    ranks = {}
    for a, near in by_hand(photos).items():
        for rank, (b, _) in enumerate(near):
            ranks[min(a, b), max(a, b)] = min(rank, ranks.get((min(a, b), max(a, b)), K))
    assert candidates.ranks.tolist() == [ranks[a, b] for a, b in candidates.pairs.tolist()]


def test_what_is_known_of_a_pair(table: tuple[PhotoTable, EmbeddedIndex]) -> None:
    photos, index = table
    candidates = Candidates.of(photos, [neighbours(index.read(), photos, np.unique(photos.alike), k=K)])
    near = by_hand(photos)
    for (a, b), row in zip(candidates.pairs.tolist(), known(photos, candidates), strict=True):
        distance = 1 - float(photos.vectors[a] @ photos.vectors[b]) + CLOSEST
        shares = sorted(distance / (1 - near[node][4][1] + CLOSEST) for node in (a, b))
        assert row[:2] == pytest.approx(shares[::-1], rel=1e-4)
        assert row[3] == (int(photos.photos[a].phash, 16) ^ int(photos.photos[b].phash, 16)).bit_count()


def test_where_one_of_the_two_did_not_ask_the_other_gap_stands_for_both(
    table: tuple[PhotoTable, EmbeddedIndex],
) -> None:
    photos, index = table
    candidates = Candidates.of(photos, [neighbours(index.read(), photos, np.array([3]), k=K)])
    rows = known(photos, candidates)
    assert len(rows) == K
    assert (rows[:, 0] == rows[:, 1]).all()
    assert np.isfinite(rows).all()


def test_further_pairs_come_in_once_and_rank_behind(table: tuple[PhotoTable, EmbeddedIndex]) -> None:
    photos, _ = table
    only = np.array([[0, 1]])
    first = Candidates(only, np.ones(1, np.float32), np.zeros(1, np.float32), np.ones(len(photos), np.float32))
    more = first.with_pairs(photos, np.array([[1, 0], [3, 2], [2, 3], [2, 2], [0, 2]]))
    assert more.pairs.tolist() == [[0, 1], [0, 2], [2, 3]]
    assert more.cosines[1:] == pytest.approx([photos.vectors[a] @ photos.vectors[b] for a, b in ((0, 2), (2, 3))])
    assert more.ranks[1:].min() > more.ranks[0]
    assert first.with_pairs(photos, np.empty((0, 2), np.int64)) is first
