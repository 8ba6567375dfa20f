"""Which values a value that no product has was meant to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.search.nearness.near_values import beginning_values, near_values

METALS = {"gold": 128, "rose gold": 12, "silver": 60, "platinum": 3, "Or jaune": 2, "white-gold": 40}
CATEGORIES = {"rings": 10, "necklaces": 7, "earrings": 9, "watches": 3, "engagement rings": 2, "bracelets": 4}


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("Gold", ["gold", "white-gold", "rose gold"]),
        ("GOLD", ["gold", "white-gold", "rose gold"]),
        (" gold ", ["gold", "white-gold", "rose gold"]),
        ("göld", ["gold", "white-gold", "rose gold"]),
        ("Rose-Gold", ["rose gold", "gold"]),
        ("rosegold", ["rose gold"]),
        ("gold rose", ["rose gold", "gold"]),
        ("White Gold", ["white-gold", "gold"]),
        ("sliver", ["silver"]),
        ("platnum", ["platinum"]),
        ("plat", ["platinum"]),
        ("18k gold", ["gold"]),
        ("or", ["Or jaune"]),
        ("ol", []),
        ("o", []),
        ("", []),
        ("--", []),
        ("titanium", []),
    ],
)
def test_values_of_metal(asked: str, near: list[str]) -> None:
    assert near_values(asked, METALS) == near


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("ring", ["rings", "engagement rings"]),
        ("Ring", ["rings", "engagement rings"]),
        ("necklace", ["necklaces"]),
        ("watch", ["watches"]),
        ("erring", ["earrings"]),
        ("earing", ["earrings"]),
        ("braclet", ["bracelets"]),
    ],
)
def test_one_and_many(asked: str, near: list[str]) -> None:
    assert near_values(asked, CATEGORIES)[: len(near)] == near


@pytest.mark.parametrize(
    ("asked", "near"),
    [("Ro", ["rose gold"]), ("GO", ["gold", "white-gold", "rose gold"]), ("sliv", ["silver"]), ("zz", []), ("", [])],
)
def test_what_no_value_begins_with(asked: str, near: list[str]) -> None:
    assert beginning_values(asked, METALS) == near


@given(st.dictionaries(st.text("abÄ 7-", min_size=1, max_size=6), st.integers(1, 9), max_size=12), st.text("abÄ 7-"))
def test_the_order_does_not_hang_on_the_order_of_the_values(known: dict[str, int], asked: str) -> None:
    again = dict(sorted(known.items(), reverse=True))
    assert near_values(asked, known) == near_values(asked, again)
    assert beginning_values(asked, known) == beginning_values(asked, again)
    assert len(near_values(asked, known)) <= 3
