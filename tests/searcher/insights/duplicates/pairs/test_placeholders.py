"""What is taken for a placeholder: many products of different kinds, and never sizes of one design."""

from __future__ import annotations

import pytest

from searcher.insights.duplicates.answers import Photo
from searcher.insights.duplicates.pairs.placeholders import is_placeholder


def shared(titles: list[str | None], kinds: list[str]) -> list[Photo]:
    """One picture for these products."""
    return [
        Photo(str(n), f"P{n}", f"{n}.jpg", "a", "b", "c", 9, 9, 9, kind, payload={"title": title} if title else {})
        for n, (title, kind) in enumerate(zip(titles, kinds, strict=True))
    ]


DIFFERENT = ["Oval pearl studs", "Signet for men", "Rope chain", "Tennis bracelet", "Diver watch"]


def test_different_titles_and_categories() -> None:
    assert is_placeholder(shared([*DIFFERENT], ["a", "b", "a", "c", "b"]))
    assert is_placeholder(shared([*DIFFERENT], ["rings"] * 5))
    assert is_placeholder(shared([None] * 5, ["rings"] * 5)), "where nothing says what they are, nothing is deleted"


def test_few_products_are_copies() -> None:
    assert not is_placeholder(shared(DIFFERENT[:4], ["a", "b", "c", "d"]))
    photos = shared(DIFFERENT[:4], ["a", "b", "c", "d"])
    assert not is_placeholder(photos * 3), "twelve photos of four products"


@pytest.mark.parametrize("titles", [[f"Luna gold ring, size {n}" for n in range(48, 60)], ["Luna gold ring"] * 8])
def test_sizes_of_one_design_are_copies(titles: list[str | None]) -> None:
    assert not is_placeholder(shared(titles, ["rings"] * len(titles)))
