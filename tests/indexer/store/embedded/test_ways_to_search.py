"""An embedded index is asked in three ways, by what a filter keeps, and each finds what an exact search finds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import qdrant_edge as edge

from indexer.store.embedded import engine
from indexer.store.embedded.engine import EdgeStore
from indexer.store.embedded.index import EmbeddedIndex, open_index
from indexer.store.embedded.parameters import search_params, shard_config
from indexer.store.filters.tree import Filter, Range
from indexer.store.policy import POLICY, Walk, Way
from tests.shops.indexes.drawn_payload import RECORD
from tests.shops.indexes.unaligned_points import FILTERS, drawn_points, drawn_questions

WAYS = {
    "no filter": Way.PLAIN,
    "80 %": Way.PLAIN,
    "65 %": Way.ACORN,
    "50 %": Way.ACORN,
    "25 %": Way.EXACT,
    "two, 20 %": Way.EXACT,
    "two wide, 20 %": Way.EXACT,
    "12.5 %": Way.EXACT,
    "5 %": Way.EXACT,
    "1 %": Way.EXACT,
    ".1 %": Way.EXACT,
}


CHEAP = tuple(Range("price", lt=bound) for bound in (345.0, 346.0, 347.0))


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[Walk]:
    """What the engine is told, search by search."""
    told: list[Walk] = []

    def noted(walk: Walk) -> Any:
        told.append(walk)
        return search_params(walk)

    monkeypatch.setattr(engine, "search_params", noted)
    return told


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeStore]:
    """5,000 points with a graph, which the engine by itself builds of many more only."""

    def small_config(*given: Any) -> Any:
        config = shard_config(*given)
        return edge.EdgeConfig(
            vectors=config.vectors,
            hnsw_config=edge.HnswIndexConfig(m=16, ef_construct=200, full_scan_threshold=10),
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=100),
            wal_enabled=False,
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "shard_config", small_config)
        index = publish(tmp_path_factory.mktemp("small") / "index", 5_000)
    with closing(index.read()) as store:
        store.policy = POLICY.scaled(0.05)
        yield store


def publish(folder: Path, points: int) -> EmbeddedIndex:
    index = open_index(folder)
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=False)
        draft.upsert(drawn_points(points))
        draft.publish()
    return index


def recall(store: EdgeStore, where: Filter | None, points: int) -> float:
    questions = drawn_questions(points, 100)
    found, truth = (store.search(questions, limit=10, where=where, exact=exact) for exact in (False, True))
    pairs = zip(found, truth, strict=True)
    return statistics.mean(len({h.id for h in a} & {h.id for h in b}) / len(b) for a, b in pairs if b)


@pytest.mark.parametrize("share", FILTERS)
def test_each_way_is_taken_and_finds_what_is_there(small: EdgeStore, walks: list[Walk], share: str) -> None:
    assert recall(small, FILTERS[share], 5_000) >= 0.99
    assert [walk.way for walk in walks] == [WAYS[share], Way.EXACT]


@pytest.mark.slow
def test_each_way_at_30_000_as_the_engine_builds_its_graph(tmp_path: Path, walks: list[Walk]) -> None:
    with closing(publish(tmp_path / "index", 30_000).read()) as store:
        store.policy = POLICY.scaled(0.3)
        recalls = {share: recall(store, where, 30_000) for share, where in FILTERS.items()}
    assert {share: found for share, found in recalls.items() if found < 0.99} == {}
    assert [walk.way for walk in walks[::2]] == list(WAYS.values())


@pytest.mark.parametrize(
    "where",
    [
        Filter(should=CHEAP),
        Filter(must=(Filter(should=CHEAP),)),
        Filter(must_not=(Filter(must_not=CHEAP),)),
    ],
)
def test_alternatives_that_overlap_are_not_taken_for_more_than_they_keep(
    small: EdgeStore, walks: list[Walk], where: Filter
) -> None:
    """As if they had nothing to do with each other, these would keep .72 of the points: too few are left for a walk."""
    assert small.count(where) == small.count(Filter(must=(CHEAP[-1],)))
    assert recall(small, where, 5_000) >= 0.99
    assert walks[0].way is Way.EXACT
