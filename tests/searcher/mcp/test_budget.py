"""Answers within a number of characters: what is cut, in which order, and what is said of it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from searcher.mcp.budget import shortened, size, within, written
from searcher.settings import LEAST_CHARACTERS

BUDGETS = (LEAST_CHARACTERS, 20_000)


def matches(products: int, text: str = "", fields: int = 1) -> dict[str, Any]:
    return {
        "matches": [
            {"product_id": f"P{number}", "score": 0.5, "fields": {f"field {n}": text for n in range(fields)}}
            for number in range(products)
        ]
    }


def facets(fields: int, values: int, text: str = "gold") -> dict[str, Any]:
    def value(number: int) -> dict[str, Any]:
        return {"value": f"{text} {number}", "count": 1, "where": [f"metal={text} {number}"]}

    one = {"field": "metal", "kind": "keyword", "counted": "products", "more": False}
    return {"facets": [one | {"values": [value(number) for number in range(values)]} for _ in range(fields)]}


def product(fields: int, text: str, photos: int = 1) -> dict[str, Any]:
    return {
        "product_id": "P1",
        "fields": {f"field {n}": text for n in range(fields)},
        "photos": [f"P1/{n}.jpg" for n in range(photos)],
    }


def test_what_fits_is_left_as_it_is() -> None:
    whole = matches(32, "gold ring")
    assert within(whole, size(whole)) == whole
    assert "cut" in within(whole, size(whole) - 1)


@pytest.mark.parametrize("most", BUDGETS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: matches(50, "a" * 20_000),
        lambda: matches(50, '"\\\n\x01' * 3000),
        lambda: matches(50, "a\N{COMBINING ACUTE ACCENT}" * 3000),
        lambda: matches(50, "gold", fields=500),
        lambda: matches(1, "gold", fields=5_000),
        lambda: matches(50, "gold" * 20, fields=20) | facets(20, 200) | {"notes": ["a" * 5000] * 50},
        lambda: matches(3) | {"relaxed": ["metal=" + "g" * 990] * 50},
        lambda: facets(20, 200),
        lambda: facets(2, 200, "g" * 4000),
        lambda: facets(1000, 1),
        lambda: product(1, "a" * 200_000),
        lambda: product(5000, "gold"),
        lambda: product(1, "gold", photos=5000),
        lambda: {"categories": [{"category": "ring" * 100, "probability": 0.1}] * 100},
        lambda: {"matches": [{"product_id": "P" * 500, "score": 1.0, "fields": {"a": [["b" * 300] * 100] * 3}}] * 50},
    ],
)
def test_nothing_is_longer_than_the_budget(make: Callable[[], dict[str, Any]], most: int) -> None:
    whole = make()
    kept = within(whole, most)
    assert size(kept) <= most
    assert json.loads(written(kept)) == kept
    assert set(whole) & {"matches", "facets", "categories", "product_id"} <= set(kept), "what was asked for is there"
    assert size(kept) > most / 4, "and not much less than fits"
    assert kept["cut"].endswith(f"(an answer has {most:,} characters at most)")
    for row in kept.get("matches", []):
        assert row["product_id"].startswith("P")


def test_long_texts_go_before_products() -> None:
    kept = within(matches(32, "gold " * 800), 20_000)
    assert len(kept["matches"]) == 32
    text = kept["matches"][0]["fields"]["field 0"]
    assert text == ("gold " * 800)[:500].rstrip() + "… (4,000 characters)"
    assert "texts of more than 500 characters are cut" in kept["cut"]


def test_products_that_do_not_fit_are_asked_for_with_an_offset() -> None:
    whole = matches(50, "gold", fields=100)
    kept = within(whole, 20_000, offset=100)
    shown = len(kept["matches"])
    assert kept["matches"] == whole["matches"][:shown]
    assert f"{50 - shown} of 50 products are left out: go on with offset {100 + shown}" in kept["cut"]
    assert "texts" not in kept["cut"].partition(";")[0]


def test_facets_lose_values_and_say_so_and_filters_stay_whole() -> None:
    kept = within(facets(5, 200), 20_000)
    assert [len(facet["values"]) for facet in kept["facets"]] == [50] * 5
    assert all(facet["more"] for facet in kept["facets"])
    assert "750 values of facets are left out" in kept["cut"]
    long = within(facets(1, 5, "g" * 3000), 20_000)["facets"][0]["values"]
    assert long[0]["where"] == ["metal=" + "g" * 3000 + " 0"]


def test_a_product_keeps_the_fields_that_fit() -> None:
    whole = product(5, "gold")
    whole["fields"]["table"] = [["1"] * 100] * 1000
    kept = within(whole, 2000)
    assert set(whole["fields"]) - {"table"} <= set(kept["fields"])
    assert "name those you need in fields" in within(product(5000, "gold"), 2000)["cut"]


def test_a_mark_says_how_long_a_text_is() -> None:
    assert shortened("a" * 4012, 10) == "aaaaaaaaaa… (4,012 characters)"
    assert shortened("a" * 40, 10) == "a" * 40, "a mark would be as long"


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_answered(seed: int) -> None:
    """Documents of any shape: lists in lists, objects in objects, numbers, texts with what JSON escapes."""
    draw = random.Random(seed)

    def value(depth: int) -> Any:
        kind = draw.randrange(6 if depth else 4)
        if kind == 0:
            return draw.choice([None, True, 1e-300, 10**18, -1.5])
        if kind < 4:
            return draw.choice(['"', "\n", "a", "é", "\x7f"]) * draw.choice([0, 3, 300, 9000])
        if kind == 4:
            return [value(depth - 1) for _ in range(draw.choice([0, 1, 9, 60]))]
        return {f"name {n}": value(depth - 1) for n in range(draw.choice([0, 1, 9, 60]))}

    whole = {"product_id": "P1", "fields": {f"field {n}": value(3) for n in range(8)}, "photos": []}
    for most in BUDGETS:
        kept = within(whole, most)
        assert size(kept) <= most
        assert kept["product_id"] == "P1"
