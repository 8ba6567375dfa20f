"""Whatever rows of an export are lost, doubled or in another order: no product gets what belongs to another one."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shops.platforms.exports import sheet, text_of


class Truth(NamedTuple):
    """What an export says, read by a person: prices with list prices by id, pictures by group, and what is not shown.

    ``again`` are rows, counted from 0, that say a product again in other words: with them the order has a meaning.
    """

    prices: dict[str, tuple[str, str]]
    pictures: dict[str, set[str]]
    hidden: set[str]
    again: set[int]


def photos(*names: str) -> set[str]:
    return {f"photos/{name}.jpg" for name in names}


TRUTH = {
    "shopify": Truth(
        {
            **{f"LR-G-{size}": ("420.00", "520.00") for size in (52, 54)},
            **{f"LR-S-{size}": ("180.00", "") for size in (52, 54)},
            "star-studs": ("39.90", ""),
            "MB-1": ("1250.00", ""),
            "ember-ring/50": ("64.00", ""),
            "ember-ring/52": ("66.00", ""),
        },
        {
            "luna-ring": photos("luna-gold", "luna-silver", "luna-worn", "luna-box"),
            "star-studs": photos("stars", "stars-back"),
            "MB-1": photos("moon"),
            "ember-ring": photos("ember", "gone"),
        },
        {"OB-1", "SK-50", "SK-52", "HC-1", "PS-1", "DC-1"},
        {18},
    ),
    "woocommerce": Truth(
        {
            "luna-gold": ("420", ""),
            "luna-silver": ("150", "180"),
            "stars": ("39.90", ""),
            "id:51": ("130", ""),
            "partner": ("1,250.00", ""),
            "id:64": ("64", ""),
            "id:65": ("66", ""),
        },
        {
            "luna": photos("luna-gold", "luna-silver", "luna-worn", "luna-box"),
            "stars": photos("stars", "stars-back"),
            "id:51": photos("tide"),
            "partner": photos("watch"),
            "ember": photos("ember", "gone"),
        },
        {"luna-rose", "sketch", "private", "hidden", "set", "draft-cuff-s", "orphan", "dune"},
        {17},
    ),
    "magento": Truth(
        {
            "LR-G-52": ("420.0000", ""),
            "LR-G-54": ("380.0000", "420.0000"),
            "LR-S-52": ("180.0000", ""),
            "STARS": ("29.9000", "39.9000"),
            "GONE": ("66.0000", ""),
            "TIDE": ("1130.0000", ""),
        },
        {
            "LR": {f"l/u/luna{kind}.jpg" for kind in ("", "-gold", "-worn", "-box")},
            "STARS": {"s/t/stars.jpg", "s/t/stars-back.jpg"},
            "GONE": {"g/o/gone.jpg", "g/o/there.jpg"},
            "TIDE": {"t/i/tide.jpg"},
        },
        {"LR", "LR-S-54", "LOST", "OFF", "SET", "DUNE"},
        {16},
    ),
    "vision": Truth(
        {
            "luna-gold": ("420.00", ""),
            "luna-silver": ("180.00", ""),
            "stars": ("39.90", ""),
            "tide": ("", ""),
            "gone": ("", ""),
            "ember": ("64.00", ""),
        },
        {
            "luna": photos("luna-gold", "luna-worn", "luna-silver"),
            "stars": photos("stars", "stars-back"),
            "tide": photos("tide"),
            "gone": photos("gone"),
            "ember": photos("ember"),
        },
        {"nopic", "dune"},
        {3},
    ),
}


@pytest.mark.parametrize("name", list(TRUTH))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_product_gets_what_belongs_to_another_one(tmp_path: Path, name: str, data: st.DataObject) -> None:
    truth = TRUTH[name]
    header, *rows = csv.reader(io.StringIO(text_of(name)))
    said_once = [at for at in range(len(rows)) if at not in truth.again]
    chosen = data.draw(st.lists(st.sampled_from(said_once), min_size=1, max_size=2 * len(rows)))
    whole = data.draw(st.permutations(said_once)) if data.draw(st.booleans()) else []
    text = io.StringIO()
    csv.writer(text).writerows([header, *(rows[at] for at in [*whole, *chosen])])
    translated = sheet(tmp_path, text.getvalue())

    good = {row.cells["product_id"]: row.cells for row in translated.rows if row.problem is None}
    assert len(good) == sum(row.problem is None for row in translated.rows)
    assert not truth.hidden & set(good)
    said = {_name(cells): cells for cells in good.values()}
    for product, cells in said.items():
        group = cells.get("group_id") or product
        if name == "vision" and not cells.get("price"):  # what is said of it stood in a row that is lost
            group = next(one for one in truth.pictures if product.startswith(one))
        else:
            assert (cells["price"], cells.get("list_price", "")) == truth.prices[product]
        assert {*cells["image"].split("|")} <= truth.pictures[group]
    if whole:
        assert set(said) == set(truth.prices)


def _name(cells: dict[str, str]) -> str:
    """The SKU is its name where one of two variants that share it is left."""
    product = cells["product_id"]
    return f"ember-ring/{cells['ring_size']}" if product == "ER" else product


@pytest.mark.parametrize("name", list(TRUTH))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_row_that_is_shifted_changes_nothing_beside_itself(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """It is a reject, or does not matter; no product is sold for what stands elsewhere, and nothing hidden appears."""
    header, *rows = csv.reader(io.StringIO(text_of(name)))
    rows = [row for at, row in enumerate(rows) if at not in TRUTH[name].again]
    at, where = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(header) - 1))
    damage = data.draw(st.sampled_from([[], ["", rows[at][where]], [f"{rows[at][where]}x"], [""]]))
    before = _good(tmp_path, [header, *rows])
    damaged = [*rows[at][:where], *damage, *rows[at][where + 1 :]]
    good = _good(tmp_path, [header, *rows[:at], damaged, *rows[at + 1 :]])
    own = {part for cell in (*rows[at], *damaged) for part in (cell, *re.split("[=,]", cell))}
    for product, cells in good.items():
        known = before.get(product, {"price": "", "list_price": ""})
        assert cells["price"] in {*known.values(), *own}, product
    if len(damaged) != len(header):
        assert not TRUTH[name].hidden & set(good)
        assert set(good) <= set(before)


def _good(root: Path, rows: list[list[str]]) -> dict[str, dict[str, str]]:
    """The products of these rows, by id."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    translated = sheet(root, text.getvalue())
    assert all(row.problem is None or row.problem.isprintable() for row in translated.rows)
    return {_name(row.cells): row.cells for row in translated.rows if row.problem is None}
