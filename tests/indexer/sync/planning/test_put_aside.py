"""Whatever happens to a catalog, a sync that puts aside what did not change does what one does that compares all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import JewelryError
from indexer.fields.roles import KEPT_TABLE
from indexer.store.interface import Index
from indexer.store.records import Point
from indexer.sync.planning import planner
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import touch, write_manifest, write_photo
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]
Row = dict[str, str]
COLUMNS = ("product_id", "image", "category", "title", "price", "size", "in_stock")


def row(number: int, **cells: str) -> Row:
    named = {
        "product_id": f"P{number}",
        "image": f"rings/P{number}.jpg",
        "category": ("rings", "watches")[number % 2],
        "title": f"No {number}",
        "price": f"{number}.50",
        "size": str(number),
        "in_stock": "yes",
    }
    return named | cells


@dataclass
class Shop:
    """A catalog and two indexes of it: one that goes by its ledger, one that never has any."""

    root: Path
    rows: list[Row] = field(default_factory=lambda: [row(number) for number in range(6)])
    ends: bool = True
    """Whether a line end follows the last row."""

    def __post_init__(self) -> None:
        self.catalog = self.root / "catalog"
        for number in range(6):
            write_photo(self.photo(number), number, size=16)
        self.rows[4]["image"] = "rings/P4.jpg|rings/P5.jpg"  # shared
        self.model = write_tiny_model(self.root / "model")
        self.quick, self.slow = (make_index("server", self.root / name) for name in ("quick", "slow"))

    def photo(self, number: int) -> Path:
        return self.catalog / f"rings/P{number}.jpg"

    def write(self) -> None:
        path = write_manifest(self.catalog, [{name: one[name] for name in COLUMNS} for one in self.rows])
        if not self.ends:
            path.write_bytes(path.read_bytes().rstrip(b"\r\n"))

    def sync(self, index: Index) -> SyncReport | str:
        try:
            return sync(self.catalog, self.model, index, workers=1)
        except JewelryError as error:
            return str(error).replace(str(index.location), "").replace(str(index.local), "")


def change_price(shop: Shop, number: int) -> None:
    shop.rows[number % len(shop.rows)]["price"] += "1"


def say_no_number(shop: Shop, number: int) -> None:
    one = shop.rows[number % len(shop.rows)]
    one["price"] = "dear" if one["price"] != "dear" else "3"


def size_in_words(shop: Shop, number: int) -> None:
    """A column that may change its type."""
    one = shop.rows[number % len(shop.rows)]
    one["size"] = "M" if one["size"] != "M" else str(number)


def remove(shop: Shop, number: int) -> None:
    if len(shop.rows) > 1:
        shop.rows.pop(number % len(shop.rows))


def add(shop: Shop, number: int) -> None:
    shop.rows.append(row(number))


def call_otherwise(shop: Shop, number: int) -> None:
    one = shop.rows[number % len(shop.rows)]
    one["product_id"] = f"N{one['product_id']}"


def move_photo(shop: Shop, number: int) -> None:
    """To the next product, or to one that has it, too."""
    one, other = shop.rows[number % len(shop.rows)], shop.rows[(number + 1) % len(shop.rows)]
    one["image"], other["image"] = other["image"], one["image"]


def share_photo(shop: Shop, number: int) -> None:
    one, other = shop.rows[number % len(shop.rows)], shop.rows[(number + 1) % len(shop.rows)]
    one["image"] = "|".join([one["image"], other["image"]])


def name_what_is_not_there(shop: Shop, number: int) -> None:
    shop.rows[number % len(shop.rows)]["image"] += "|rings/none.jpg"


def other_category(shop: Shop, number: int) -> None:
    shop.rows[number % len(shop.rows)]["category"] = "necklaces"


def in_other_order(shop: Shop, number: int) -> None:
    shop.rows = shop.rows[number % len(shop.rows) :] + shop.rows[: number % len(shop.rows)]


def second_row(shop: Shop, number: int) -> None:
    one = shop.rows[number % len(shop.rows)]
    shop.rows.append(one | {"image": "rings/P0.jpg", "price": ""})


def without_line_end(shop: Shop, number: int) -> None:
    shop.ends = not shop.ends


def other_picture(shop: Shop, number: int) -> None:
    write_photo(shop.photo(number % 6), 100 + number, size=16)


def only_touched(shop: Shop, number: int) -> None:
    if (path := shop.photo(number % 6)).exists():
        touch(path)


def gone_or_back(shop: Shop, number: int) -> None:
    path = shop.photo(number % 6)
    if path.exists():
        path.rename(path.with_suffix(".gone"))
    elif path.with_suffix(".gone").exists():
        path.with_suffix(".gone").rename(path)


def broken(shop: Shop, number: int) -> None:
    shop.photo(number % 6).write_bytes(b"no photo")


def renamed_file(shop: Shop, number: int) -> None:
    one = shop.rows[number % len(shop.rows)]
    path = shop.catalog / one["image"].split("|")[0]
    other = path.with_name(f"x{path.name}")
    if path.exists() and not other.exists():
        path.rename(other)
        one["image"] = one["image"].replace(f"rings/{path.name}", f"rings/{other.name}")


def annotated(shop: Shop, number: int) -> None:
    """What others than a sync write: clusters, and co-views that name other products."""
    for index in (shop.quick, shop.slow):
        with index.write() as writer:
            published = writer.published()
            if published is None:
                return
            products = sorted({point.payload["product_id"] for point in published.scroll()})
            seen = {"product_ids": [products[number % len(products)]], "counts": [1], "scores": [1.0]}
            table = {**published.record.field_table, **KEPT_TABLE}
            record = type(published.record)(**{**_as_given(published.record), "field_table": table})
            points = [
                Point(point.id, {**point.payload, "cluster": f"c{number}", "co_viewed": seen})
                for point in published.scroll()
                if point.payload["product_id"] != products[number % len(products)]
            ]
            draft = writer.draft(record, from_published=True)
            draft.replace_payload(points)
            draft.publish()


def lost_point(shop: Shop, number: int) -> None:
    """Somebody else writes to the server."""
    for index in (shop.quick, shop.slow):
        if index.current() is not None:
            store: Any = index.read()
            ids = sorted(point.id for point in store.scroll())
            if len(ids) > 1:
                store.delete([ids[number % len(ids)]])


def _as_given(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


CHANGES: tuple[Callable[[Shop, int], None], ...] = (
    *(change_price, say_no_number, size_in_words, remove, add, call_otherwise, move_photo, share_photo),
    *(name_what_is_not_there, other_category, in_other_order, second_row, without_line_end, other_picture),
    *(only_touched, gone_or_back, broken, renamed_file, annotated, lost_point),
)
NIGHTS = st.lists(
    st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 7)), min_size=0, max_size=3), min_size=1, max_size=5
)


def both(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> tuple[SyncReport | str, SyncReport | str]:
    """What the two syncs of one catalog say."""
    quick = shop.sync(shop.quick)
    shutil.rmtree(shop.slow.local / "beside", ignore_errors=True)
    with monkeypatch.context() as patched:
        patched.setattr(planner, "made_of", lambda _: None)
        slow = shop.sync(shop.slow)
    return quick, slow


def told(report: SyncReport | str) -> object:
    if isinstance(report, str):
        return report
    said = {"photos", "removed", "renamed", "notes", "products", "published", "embedded", "fields", "shared"}
    rejects = sorted((one.where, one.reason, one.product_id or "") for one in report.rejects)  # of twins, in any order
    return {name: getattr(report, name) for name in said} | {"rejects": rejects}


def contents(index: Index) -> dict[str, tuple[dict[str, Any], list[float]]]:
    if index.current() is None:
        return {}
    found = {}
    for point in index.read().scroll(vectors=True):
        assert point.vector is not None
        payload = {name: value for name, value in point.payload.items() if name != "indexed_at"}
        found[point.id] = payload, np.round(point.vector, 5).tolist()
    return found


def through(nights: list[list[tuple[Callable[[Shop, int], None], int]]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        shop = Shop(Path(folder))
        shop.write()
        for night in [[], *nights, []]:
            for change, number in night:
                change(shop, number)
            shop.write()
            quick, slow = both(shop, monkeypatch)
            assert told(quick) == told(slow)
            assert contents(shop.quick) == contents(shop.slow)


@given(NIGHTS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_what_is_put_aside_is_as_it_was(nights: list[list[tuple[Callable[[Shop, int], None], int]]]) -> None:
    through(nights)


@pytest.mark.slow
@given(NIGHTS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_put_aside_is_as_it_was_in_many_nights(
    nights: list[list[tuple[Callable[[Shop, int], None], int]]],
) -> None:
    through(nights)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_change_alone_and_taken_back_by_nobody(change: Callable[[Shop, int], None]) -> None:
    through([[(change, 1)], [(change, 1)]])
