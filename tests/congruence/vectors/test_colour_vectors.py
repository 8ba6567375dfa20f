"""The vector of colours: kept and searched by each engine, and mixed with looks as a plain loop does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.errors import UsageError, VectorError
from indexer.photos.colour.palette import COLOURS
from indexer.store.filters.tree import Filter, Match
from indexer.store.records import Point
from searcher.search.ground import colours as ground
from searcher.search.ground.colours import mixed, nearest_with_colours
from tests.congruence import judge
from tests.congruence.engines import AnyStore, Engine
from tests.congruence.shop import POINTS as PLAIN
from tests.congruence.shop import QUERIES, TABLE

RINGS = Filter(must=(Match("category", ("rings",)),))


def colour_vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Histograms: nothing below 0, and many colours of which there is nothing."""
    random = np.random.default_rng(seed)
    drawn = np.sqrt(random.gamma(0.3, size=(count, COLOURS)))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


POINTS = [replace(point, colour_vector=row) for point, row in zip(PLAIN, colour_vectors(len(PLAIN)), strict=True)]
BY_COLOUR = [replace(point, vector=point.colour_vector) for point in POINTS]
ASKED = colour_vectors(len(QUERIES), seed=1)


@pytest.fixture(scope="module")
def store(engine: Engine) -> Iterator[AnyStore]:
    """Only for reading."""
    store = engine.new(TABLE, colours=True)
    store.upsert(POINTS)
    yield store
    engine.drop(store)


def test_they_are_kept_and_read_with_the_others_or_alone(store: AnyStore) -> None:
    by_id = {point.id: point for point in POINTS}
    for point in store.scroll(vectors=True):
        assert point.vector == pytest.approx(by_id[point.id].vector, abs=1e-6)
        assert point.colour_vector == pytest.approx(by_id[point.id].colour_vector, abs=1e-6)
        assert point.text_vector is None
    some = [point.id for point in POINTS[:3]]
    assert all(p.colour_vector is not None and p.vector is None for p in store.retrieve(some, vectors="colour"))
    assert all(p.colour_vector is not None and p.vector is not None for p in store.retrieve(some, vectors=ground.BOTH))
    assert all(p.colour_vector is None for p in store.retrieve(some, vectors="image"))


@pytest.mark.parametrize("where", [None, RINGS], ids=["all", "rings"])
def test_they_are_searched_by_themselves(store: AnyStore, where: Filter | None) -> None:
    for query, hits in zip(ASKED, store.search(ASKED, limit=8, where=where, using="colour"), strict=True):
        judge.check_hits(hits, BY_COLOUR, query, 8, where)


@pytest.mark.parametrize("least", [2, 256])
@pytest.mark.parametrize("weight", [0.3, 1.0])
@pytest.mark.parametrize("where", [None, RINGS], ids=["all", "rings"])
def test_looks_and_colours_are_mixed_as_a_plain_loop_does(
    store: AnyStore, where: Filter | None, weight: float, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the lists have to be asked for more and more, as no product of the answer is among their first two."""
    monkeypatch.setattr(ground, "LEAST", least)
    vectors = mixed(QUERIES, ASKED, weight)
    as_one = [replace(p, vector=mixed(p.vector[None], p.colour_vector[None], weight)[0]) for p in POINTS]  # type: ignore[index]
    found = nearest_with_colours(store, vectors, weight, 6, where, photos_a_product=1 / 6)
    judge.check_ranking([(c.product_id, c.score) for c in found], judge.products(as_one, vectors, where), 6)
    looks = {point.id: point for point in POINTS}
    for candidate in found:
        assert any(candidate.vector == pytest.approx(p.vector, abs=1e-6) for p in looks.values())
        assert candidate.colours is not None


def test_what_has_none_says_what_to_do(shop: AnyStore, new_store: Callable[..., AnyStore]) -> None:
    with pytest.raises(UsageError, match="no colours yet; sync once to add colours"):
        shop.search(ASKED, limit=3, using="colour")
    assert all(point.colour_vector is None for point in shop.scroll(vectors=True))
    with pytest.raises(VectorError, match="sync once to add colours"):
        new_store(TABLE).upsert(POINTS[:1])


@pytest.mark.parametrize("bad", [None, PLAIN[0].vector, np.zeros(COLOURS, np.float32)], ids=["none", "long", "zero"])
def test_a_bad_one_is_refused_before_the_engine_sees_it(
    new_store: Callable[..., AnyStore], bad: NDArray[np.float32] | None
) -> None:
    store = new_store(TABLE, colours=True)
    with pytest.raises(VectorError):
        store.upsert([replace(POINTS[0], colour_vector=bad)])
    assert store.count() == 0
    assert list(store.scroll(vectors=True)) == list[Point]()
