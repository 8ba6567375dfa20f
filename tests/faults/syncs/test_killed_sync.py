"""A sync killed at any file event leaves the old content or the new one, and the next sync needs nobody's help."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.store.embedded.index import EmbeddedIndex
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from indexer.system.marks import NAME as MARK
from tests.faults.syncs.killed_sync import killed_at_call, killed_at_event
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file events are watched by inotify")

Kill = Callable[[Path, int, Callable[[], object]], bool]
Content = frozenset[tuple[str, float, bytes]]
KILLS, QUICK = 100, 4
CALLS, EVENTS = 1_400, 3_200
"""About how many of each a sync of this catalog makes: numbers are drawn up to here, and what ends before is whole."""


@dataclass
class Shop:
    catalog: Path
    model: Path
    index: Path
    rows: list[dict[str, str]]

    def say(self, turn: int) -> None:
        """Another catalog: other prices, and each time another product that is not there."""
        rows = [row | {"price": str(turn)} for row in self.rows]
        del rows[turn % len(rows)]
        write_manifest(self.catalog, rows)

    def sync(self) -> SyncReport:
        return sync(self.catalog, self.model, self.index, workers=1, allow_removal=True)

    def content(self) -> Content:
        """All that a reader sees."""
        store = EmbeddedIndex(self.index).read()
        points = list(store.scroll(vectors=True))
        assert store.count() == len(points)
        store.close()
        return frozenset(
            (str(p.payload["product_id"]), float(str(p.payload["price"])), p.vector.tobytes())  # type: ignore[union-attr]
            for p in points
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    catalog = write_small_catalog(tmp_path / "catalog", products=6, photos=1)
    found = Shop(catalog, write_tiny_model(tmp_path / "model"), tmp_path / "index", read_manifest(catalog))
    found.say(0)
    return found


def kill_often(shop: Shop, kill: Kill, times: int, most: int, seed: int) -> int:
    """Turn after turn another catalog, and the sync to it killed somewhere; returns how often it was."""
    drawn, killed = random.Random(seed), 0
    old = shop.content()
    for turn in range(1, times + 1):
        shop.say(turn)
        before, products = old, {row["product_id"] for row in read_manifest(shop.catalog)}
        killed += kill(shop.index, drawn.randint(1, most), shop.sync)
        old = shop.content()
        if old != before:
            assert {(product, price) for product, price, _ in old} == {(product, float(turn)) for product in products}
    return killed


def check_that_all_is_well(shop: Shop) -> None:
    report = shop.sync()
    assert report.repairs == []
    assert not any(one.damage for one in EmbeddedIndex(shop.index).check())
    assert {price for _, price, _ in shop.content()} == {float(read_manifest(shop.catalog)[0]["price"])}
    left = {path.name for path in shop.index.iterdir()} - {"CURRENT", "LOCK", MARK, "generations", "thumbnails", "work"}
    assert not [name for name in left if not name.startswith(".CURRENT-")]
    assert len(list((shop.index / "generations").iterdir())) <= 2
    assert not list((shop.index / "work").iterdir())


@pytest.mark.parametrize(("kill", "most"), [(killed_at_call, CALLS), (killed_at_event, EVENTS)])
def test_a_few_kills(shop: Shop, kill: Kill, most: int) -> None:
    shop.sync()
    assert kill_often(shop, kill, QUICK // 2, most, seed=1) >= 1
    check_that_all_is_well(shop)


@pytest.mark.slow
@pytest.mark.parametrize(("kill", "most"), [(killed_at_call, CALLS), (killed_at_event, EVENTS)])
def test_a_hundred_kills(shop: Shop, kill: Kill, most: int) -> None:
    shop.sync()
    assert kill_often(shop, kill, KILLS // 2, most, seed=2) >= KILLS // 4
    check_that_all_is_well(shop)


def test_a_first_sync_that_was_killed_is_no_index_or_a_whole_one(shop: Shop) -> None:
    for number in (3, 40, 200, 500):
        if not killed_at_call(shop.index, number, shop.sync):
            break
    report = shop.sync()
    assert report.photos["new"] + report.photos["unchanged"] == 5
    check_that_all_is_well(shop)
