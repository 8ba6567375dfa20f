"""One category in any normal form is one, and names that only look alike are said."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from indexer.catalog.products import Product, ProductImage
from trainer.data.categories import category_of, twins


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_category_is_one_in_any_normal_form(form: str) -> None:
    name = unicodedata.normalize(form, "Ohrstücke")
    product = Product("p", name, (ProductImage("a.jpg", Path("a.jpg"), 0),))
    assert category_of(product) == unicodedata.normalize("NFC", "Ohrstücke")


@pytest.mark.parametrize("name", [None, "", " "])
def test_none_is_empty(name: str | None) -> None:
    assert category_of(Product("p", name, (ProductImage("a.jpg", Path("a.jpg"), 0),))) == ""


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Rings", "rings", "watches"), "Rings and rings are two categories"),
        (("rings", "RINGS", "Rings"), "RINGS, Rings and rings are three categories"),
        (("ear rings", "ear  rings", "earrings"), "'ear  rings', 'ear rings' and 'earrings' are three categories"),
        (("STRASSE", "straße"), "STRASSE and straße are two categories"),
    ],
)
def test_names_that_differ_in_case_or_spaces_only(names: tuple[str, ...], said: str) -> None:
    (line,) = twins(names)
    assert line.startswith(said)


def test_different_names_are_not_said() -> None:
    assert twins(["rings", "earrings", "", ""]) == ()
