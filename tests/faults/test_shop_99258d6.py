"""An index and a model made by commit 99258d6 open, answer as they did, and lose nothing at the next sync."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.models.directory import load_model
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import Point
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from searcher.service import SearchService
from tests.shops.indexes.shop_99258d6 import OldShop, unpack_shop


@pytest.fixture
def shop(tmp_path: Path) -> OldShop:
    return unpack_shop(tmp_path)


def check_answers(shop: OldShop, service: SearchService) -> None:
    for kind, options, wanted in shop.answers:
        given = {**options, "image": shop.catalog / options["image"]} if "image" in options else options
        found = getattr(service, kind)(**given)
        assert [match.product_id for match in found.matches] == [product for product, _, _ in wanted]
        np.testing.assert_allclose([m.score for m in found.matches], [score for _, score, _ in wanted], atol=2e-6)
        assert [dict(match.payload) for match in found.matches] == [payload for _, _, payload in wanted]


def points_of(index: Path) -> dict[str, Point]:
    store = EmbeddedIndex(index).read()
    points = {point.id: point for point in store.scroll(vectors=True)}
    store.close()
    return points


def check_nothing_was_lost(shop: OldShop, before: dict[str, Point], report: SyncReport) -> None:
    assert (report.embedded, report.rebuilt, report.rejects) == (0, False, [])
    after = points_of(shop.index)
    assert after.keys() == before.keys()
    for identifier, point in after.items():
        assert np.array_equal(point.vector, before[identifier].vector)  # type: ignore[arg-type]
        assert point.payload == before[identifier].payload


def test_it_opens_and_answers_as_it_did(shop: OldShop) -> None:
    service = SearchService(shop.index, model=shop.model, catalog=shop.catalog)
    check_answers(shop, service)
    [facet] = service.facets(["category"])
    assert {value.value: value.count for value in facet.values} == shop.categories
    kinds = dict(service.classify(shop.catalog / "earrings/P006/0.jpg").categories)
    assert kinds == pytest.approx(shop.photo_is, abs=1e-5)
    page = service.product("P003")
    assert page.photos[0].thumbnail is not None
    service.close()


def test_its_model_is_accepted_by_its_own_rule(shop: OldShop) -> None:
    model = load_model(shop.model)
    assert model.fingerprint == "34e27234f92678bb17f6ee95a9ae168f961de48f5ee732f63c6a7502f2824747"
    assert model.categories == ("bracelets", "earrings", "necklaces", "rings", "watches")


def test_the_next_sync_keeps_every_vector(shop: OldShop) -> None:
    before = points_of(shop.index)
    report = sync(shop.catalog, shop.model, shop.index)
    check_nothing_was_lost(shop, before, report)
    check_answers(shop, SearchService(shop.index, model=shop.model, catalog=shop.catalog))


def test_one_can_go_back_to_the_generation_before(shop: OldShop) -> None:
    index = EmbeddedIndex(shop.index)
    assert (index.current(), index.generations(), index.rollback()) == ("3", ["2", "3"], "2")
    store = index.read()
    assert store.count() == 12
    store.close()
