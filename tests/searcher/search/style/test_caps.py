"""Cap texts are read as documented, and what makes no sense is refused in one line."""

from __future__ import annotations

import pytest

from indexer.errors import UsageError
from searcher.search.style.caps import Cap, CapCounter, parse_caps, told_apart
from tests.searcher.search.style.candidates import TABLE


def test_a_cap_is_a_keyword_field_and_a_count() -> None:
    assert parse_caps(["brand:2", " metal : 10 ", "category:1"], TABLE) == (
        Cap("brand", 2),
        Cap("metal", 10),
        Cap("category", 1),
    )
    assert parse_caps([], TABLE) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read"),
        ("brand", "cannot be read"),
        ("brand:", "cannot be read"),
        ("brand:two", "cannot be read"),
        ("brand:-1", "cannot be read"),
        ("brand:1.5", "cannot be read"),
        ("brand:٣", "cannot be read"),
        ("brand:" + "9" * 5000, "cannot be read"),
        ("brand:0", "lets nothing in"),
        ("brnad:2", "did you mean 'brand'?"),
        ("price:2", "price is a number"),
        ("in_stock:2", "in_stock is a boolean"),
        ("\udc80:2", "there is no field"),
        ("br\nand\x1b[31m:2", "cannot be read"),
        ("b" * 100_000 + ":2", "there is no field"),
    ],
)
def test_what_is_no_cap_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_caps([text], TABLE)
    message = str(caught.value)
    assert reason in message
    assert "brand (keyword)" in message
    assert "price (number)" not in message, "only what can be capped is listed"
    assert message.isprintable()
    assert len(message) < 1000


def test_a_list_counts_for_each_of_its_values_once() -> None:
    counter = CapCounter([Cap("metal", 2)])
    counter.add({"metal": ["gold", "silver", "gold"]})
    assert counter.admits({"metal": "gold"})
    counter.add({"metal": "gold"})
    assert not counter.admits({"metal": ["platinum", "gold"]})
    assert counter.admits({"metal": "silver"})


@pytest.mark.parametrize("payload", [{}, {"metal": None}, {"metal": []}])
def test_a_product_without_the_field_is_not_capped(payload: dict[str, object]) -> None:
    counter = CapCounter([Cap("metal", 1)])
    for _ in range(3):
        assert counter.admits(payload)
        counter.add(payload)


def test_what_is_let_in_once_is_not_let_in_again() -> None:
    counter = CapCounter((), once=lambda payload: payload["group_id"])
    assert counter.admits({"group_id": "A", "metal": "gold"})
    counter.add({"group_id": "A", "metal": "gold"})
    assert not counter.admits({"group_id": "A", "metal": "silver"})
    assert counter.admits({"group_id": "B", "metal": "gold"})


def test_of_a_group_each_value_of_a_cap_is_told_apart() -> None:
    found = [("A", "gold"), ("A", "gold"), ("A", "silver"), ("B", "gold"), ("A", "silver")]
    payloads = [{"group_id": group, "metal": metal} for group, metal in found]
    assert told_apart(payloads, (Cap("metal", 1),), lambda p: p["group_id"]) == [True, False, True, True, False]
    assert told_apart(payloads, (), lambda p: p["group_id"]) == [True, False, False, True, False]
