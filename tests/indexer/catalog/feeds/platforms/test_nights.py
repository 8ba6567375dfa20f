"""The exports of a shop's platform from night to night, by one command and without a catalog.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.cli.main import main
from tests.shops.catalogs.row_catalog import Shop, counts
from tests.shops.platforms.exports import text_of

_PICTURE = re.compile(r"[\w./-]+\.jpg")


def shop_of(root: Path, text: str) -> Shop:
    """The export beside drawn pictures, those that are called gone left away."""
    names = {name.lstrip("/") for name in _PICTURE.findall(text)}
    shop = Shop(root, *sorted(name for name in names if "gone" not in name))
    return write(shop, text)


def write(shop: Shop, text: str) -> Shop:
    (shop.catalog / "catalog.csv").write_text(text, encoding="utf-8")
    return shop


def test_one_command_for_an_export_of_shopify(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, text_of("shopify"))
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    result = CliRunner().invoke(main, ["sync", *places])
    assert result.exit_code == 3
    for line in (
        "Passed over: 1 archived product (catalog.csv:10), 1 draft (catalog.csv:11), 1 product without a picture "
        "(catalog.csv:15), 1 repeated row (catalog.csv:17), 1 unlisted product (catalog.csv:14), 1 of other kinds",
        "  rejected catalog.csv:18: has 29 cells for 28 columns; quote cells that hold the separator",
    ):
        assert f"{line}\n" in result.output
    assert shop.said("group_id", "price", "in_stock", "metal")["LR-S-52", "photos/luna-silver.jpg"] == (
        *("luna-ring", 180.0, True, "Silver"),
    )
    assert CliRunner().invoke(main, ["sync", *places]).output.splitlines()[-1].startswith("4 rejected")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shopify", "woocommerce", "magento", "vision"])
def test_a_row_that_is_damaged_one_night_is_kept_and_a_second_night_changes_nothing(tmp_path: Path, name: str) -> None:
    text = text_of(name)
    shop = shop_of(tmp_path, text)
    shop.sync()
    first = shop.said("product_id", "price", "group_id", "in_stock")
    assert set(counts(shop.sync())) <= {"unchanged"}
    damaged = text.replace('"Ring ""Luna"", pearl', 'Ring Luna, pearl, "')  # wherever the title of the group stands
    report = write(shop, damaged).sync()
    assert len(report.rejects) > 1
    assert shop.said("product_id", "price", "group_id", "in_stock") == first
    report = write(shop, text).sync()
    assert set(counts(report)) <= {"unchanged"}


@pytest.mark.slow
def test_what_is_taken_off_the_shop_leaves_the_index(tmp_path: Path) -> None:
    text = text_of("woocommerce")
    shop = shop_of(tmp_path, text)
    shop.sync()
    assert any(product == "luna-gold" for product, _ in shop.points())
    write(
        shop, text.replace('44,variable,luna,,"Ring ""Luna"", pearl",1', '44,variable,luna,,"Ring ""Luna"", pearl",-1')
    )
    report = shop.sync(allow_removal=True)
    assert counts(report)["gone"] == 5
    assert not any(product.startswith("luna") for product, _ in shop.points())
    assert ("drafts", 3, "catalog.csv:2") in [(one.what, one.count, one.example) for one in report.passed_over]
