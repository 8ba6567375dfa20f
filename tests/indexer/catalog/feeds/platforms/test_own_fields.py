"""What the fields are called that a shop has named itself, and the one category of a product in several."""

from __future__ import annotations

import pytest

from indexer.catalog.feeds.platforms.own_fields import OwnFields, listed, one_category
from indexer.catalog.tables.headers import name_problem


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ring size", "ring_size"),
        ("ring-size ", "ring_size"),
        ("Größe", "größe"),
        ("Metal", "metal"),
        ("In Stock", "in_stock"),
        ("Title", "option_title"),  # which the feed says itself
        ("Category", "option_category"),
        ("Product ID", "option_product_id"),
        ("Photo", "shop_photo"),
        ("18k", "option_18k"),
        ("—", ""),
    ],
)
def test_names(written: str, name: str) -> None:
    fields = OwnFields(("product_id", "image", "title"), "option")
    assert fields.name(written) == name
    assert fields.names == ([name] if name else [])
    assert not name or name_problem(name) is None


def test_values_and_categories() -> None:
    assert listed([" Gold", "", "Silver", "Gold", "a|b"]) == "Gold|Silver|a/b"
    assert one_category([["Jewelry", " Rings"], ["Sale"], [""], ["Gifts", "For her"]]) == (
        *("Jewelry > Rings", "Jewelry > Rings|Sale|Gifts > For her"),
    )
    assert one_category([]) == ("", "")
