"""A shop's feed from night to night: what is charged, what is shown, what was cut."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from indexer.catalog.feeds import sheet
from indexer.cli.main import main
from indexer.errors import RemovalRefused
from indexer.store.records import Point
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.indexer.photos.fetch.many.web_shop import in_memory
from tests.shops.catalogs.row_catalog import Shop, counts
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

HEADER = (
    "id,title,image_link,price,sale_price,sale_price_effective_date,availability,item_group_id,expiration_date,label"
)
BAND = "R1-50,Band,photos/r1.png,20.00 EUR,15.00 EUR,2026-01-10/2026-01-20,in_stock,R1,,x"
WIDER = "R1-52,Band,photos/r1.png,22.00 EUR,,,out_of_stock,R1,,x"
PIN = "P2,Pin,photos/p2.png,8.00 USD,,,preorder,,2026-01-18,x"
FIELDS = ("price", "list_price", "in_stock", "group_id")


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time at which feeds are read, which a test may change."""
    now = [datetime(2026, 1, 9, 3, tzinfo=UTC)]

    class Night(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert tz is UTC
            return now[0]

    monkeypatch.setattr(sheet, "datetime", Night)
    return now


class FeedShop(Shop):
    """Its index is in memory, which costs next to nothing: what these tests are about happens before it is written."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "photos/r1.png", "photos/p2.png")
        self.store = in_memory(self.index)
        self.rows(BAND, WIDER, PIN, header=HEADER)

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.catalog, self.model, self.store, **options)

    def points(self) -> dict[tuple[str, str], Point]:
        points = self.store.read().scroll(vectors=True)
        return {(str(p.payload["product_id"]), p.payload["photo"]["path"]): p for p in points}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return FeedShop(tmp_path)


def test_a_sale_begins_and_ends_and_a_product_expires(shop: Shop, night: list[datetime]) -> None:
    report = shop.sync()
    assert (counts(report), report.embedded, report.rejects) == ({"new": 3}, 2, [])
    assert shop.said(*FIELDS) == {
        ("R1-50", "photos/r1.png"): (20.0, None, True, "R1"),
        ("R1-52", "photos/r1.png"): (22.0, None, False, "R1"),
        ("P2", "photos/p2.png"): (8.0, None, False, None),
    }
    assert counts(shop.sync()) == {"unchanged": 3}
    night[0] = datetime(2026, 1, 12, 3, tzinfo=UTC)
    assert counts(shop.sync()) == {"updated": 1, "unchanged": 2}
    assert shop.said(*FIELDS)["R1-50", "photos/r1.png"] == (15.0, 20.0, True, "R1")
    night[0] = datetime(2026, 1, 22, 3, tzinfo=UTC)
    report = shop.sync()
    assert counts(report) == {"updated": 1, "unchanged": 1, "gone": 1}
    assert shop.said(*FIELDS)["R1-50", "photos/r1.png"] == (20.0, None, True, "R1")
    assert [(one.what, one.count, one.example) for one in report.passed_over] == [
        ("expired products", 1, "catalog.csv:4")
    ]


def test_a_bad_row_keeps_what_the_index_has(shop: Shop, night: list[datetime]) -> None:
    shop.sync()
    broken = [WIDER.replace("out_of_stock", "who knows"), PIN.replace("8.00 USD", "x"), '"R1-50,Band', BAND]
    report = shop.rows(*broken, header=HEADER).sync()
    assert [one.where for one in report.rejects] == ["catalog.csv:2", "catalog.csv:3", "catalog.csv:4"]
    assert shop.said("price") == {
        ("R1-50", "photos/r1.png"): (20.0,),
        ("R1-52", "photos/r1.png"): (22.0,),
        ("P2", "photos/p2.png"): (8.0,),
    }


def test_a_feed_that_was_cut_is_refused(shop: Shop, night: list[datetime]) -> None:
    shop.sync()
    shop.rows(BAND, WIDER, PIN[:20], header=HEADER, end="")
    with pytest.raises(RemovalRefused, match="the file ends within this line, after 3 of 10 cells"):
        shop.sync()
    assert len(shop.points()) == 3


def test_what_a_person_sees(shop: Shop, night: list[datetime]) -> None:
    night[0] = datetime(2026, 1, 22, 3, tzinfo=UTC)
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    shop.rows(BAND, BAND, WIDER, PIN, "P3,Pin,photos/p2.png,8.00 USD", header=HEADER)
    result = CliRunner().invoke(main, ["sync", *places])
    assert result.exit_code == 3
    for line in (
        "  note: catalog.csv: read as a Google Merchant Center feed; 1 column is not used: label",
        "Passed over: 1 expired product (catalog.csv:5), 1 repeated row (catalog.csv:2)",
        "  rejected catalog.csv:6: has fewer cells than the lines around it; it is cut or shifted, export it anew",
    ):
        assert f"{line}\n" in result.output
