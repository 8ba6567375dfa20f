"""From manifest to answer: every form of the filter gives exactly the products a plain loop over catalog.csv gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.sync.run import sync
from searcher import SearchService
from tests.shops.catalogs.small_catalog import read_manifest, write_photo, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model

Row = dict[str, str]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


FORMS: dict[str, Callable[[Row], bool]] = {
    "in_stock=true": lambda row: row["in_stock"] == "true",
    "in_stock=false": lambda row: row["in_stock"] == "false",
    "metal=gold|silver": lambda row: row["metal"] in ("gold", "silver"),
    "price=100..500": lambda row: 100 <= float(row["price"]) <= 500,
    "price<=500": lambda row: float(row["price"]) <= 500,
    "price<=500.5": lambda row: float(row["price"]) <= 500.5,
    "price>1000": lambda row: float(row["price"]) > 1000,
    "title~pearl": lambda row: "pearl" in words(row["title"]),
    "title~Gold ring": lambda row: {"gold", "ring"} <= words(row["title"]),
    "category!=watches": lambda row: row["category"] != "watches",
    "category=rings": lambda row: row["category"] == "rings",
    "created>=2026-06-15": lambda row: row["created"] >= "2026-06-15",
    "created<2026-06-15": lambda row: row["created"] < "2026-06-15",
    "created=2026-03-01..2026-04-15": lambda row: "2026-03-01" <= row["created"] <= "2026-04-15",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], SearchService, Path]:
    """Forty products, indexed, and a photo that is none of theirs."""
    root = tmp_path_factory.mktemp("shop")
    catalog = write_small_catalog(root / "catalog", products=40)
    sync(catalog, write_tiny_model(root / "model"), root / "index")
    return read_manifest(catalog), SearchService(root / "index"), write_photo(root / "query.jpg", seed=123_456)


@pytest.mark.parametrize("text", FORMS)
def test_a_filter_gives_what_a_plain_loop_gives(shop: tuple[list[Row], SearchService, Path], text: str) -> None:
    rows, service, photo = shop
    expected = {row["product_id"] for row in rows if FORMS[text](row)}
    assert 0 < len(expected) < len(rows), "the form must separate the catalog to be tested"
    found = service.similar(image=photo, k=100, where=[text]).matches
    assert {match.product_id for match in found} == expected
    assert len(found) == len(expected)


def test_several_filters_all_hold(shop: tuple[list[Row], SearchService, Path]) -> None:
    rows, service, photo = shop
    texts = ["in_stock=true", "price=100..1500", "category!=watches"]
    expected = {
        row["product_id"]
        for row in rows
        if all(FORMS[t](row) for t in ("in_stock=true", "category!=watches")) and 100 <= float(row["price"]) <= 1500
    }
    assert {match.product_id for match in service.similar(image=photo, k=100, where=texts).matches} == expected
