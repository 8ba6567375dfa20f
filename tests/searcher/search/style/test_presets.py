"""Presets let through what they say, judged by a plain loop over payloads, and say what they lack."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from indexer.errors import UsageError
from indexer.fields.types import FieldTable, FieldType
from searcher.search.style.presets import PRESETS, parse_preset
from tests.congruence.judge import passes, values
from tests.searcher.search.style.candidates import PAYLOADS, TABLE

ASKED = {"category": "rings", "metal": ["gold", "silver"], "stone": "ruby", "brand": "Aurum", "price": 100.0}


@given(st.sampled_from(["category", "metal", "stone", "brand"]), PAYLOADS, PAYLOADS)
def test_other_has_another_value_and_same_has_one_in_common(
    field: str, asked: dict[str, Any], found: dict[str, Any]
) -> None:
    assume(values(asked, field))
    common = set(values(asked, field)) & set(values(found, field))
    assert passes(found, parse_preset(f"same-{field}", TABLE)(asked)) == bool(common)
    other = bool(values(found, field)) and not common
    assert passes(found, parse_preset(f"other-{field}", TABLE)(asked)) == other


@given(PAYLOADS, PAYLOADS)
def test_prices_lie_in_their_band_and_in_the_same_currency(asked: dict[str, Any], found: dict[str, Any]) -> None:
    assume("price" in asked)
    comparable = "price" in found and asked.get("currency") in (None, found.get("currency"))
    tenths = 10 * found.get("price", 0.0), asked["price"]  # whole numbers, so that the bounds are exact
    expected = {
        "cheaper": tenths[0] <= 7 * tenths[1],
        "same-price": 7 * tenths[1] <= tenths[0] <= 13 * tenths[1],
        "dearer": tenths[0] >= 13 * tenths[1],
    }
    for name, fits in expected.items():
        assert passes(found, parse_preset(name, TABLE)(asked)) == (comparable and fits), name


@given(st.sampled_from([name for name in PRESETS if name.startswith(("other-", "cheaper", "dearer"))]), PAYLOADS)
def test_what_asks_for_another_excludes_the_product_itself(name: str, asked: dict[str, Any]) -> None:
    assume(values(asked, PRESETS[name].field))
    assert not passes(asked, parse_preset(name, TABLE)(asked))


@given(st.sampled_from([name for name in PRESETS if name.startswith("same-")]), PAYLOADS)
def test_what_asks_for_the_same_includes_the_product_itself(name: str, asked: dict[str, Any]) -> None:
    assume(values(asked, PRESETS[name].field))
    assert passes(asked, parse_preset(name, TABLE)(asked))


def test_without_currencies_in_the_catalog_prices_are_compared_as_they_are() -> None:
    asked = {"price": 3.0, "currency": "EUR"}
    table: FieldTable = {"price": FieldType.NUMBER}
    assert passes({"price": 2.1}, parse_preset("cheaper", table)(asked)), "0.7 times 3 is 2.0999999999999996"


def test_every_preset_is_described_and_works_for_a_full_payload() -> None:
    for name, preset in PRESETS.items():
        assert preset.description
        assert parse_preset(name, TABLE)(ASKED)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_photo_has_no_payload_to_work_with(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preset(name, TABLE)({})
    assert f"preset {name}: what is asked with has no {PRESETS[name].field}; ask with a product" in str(caught.value)


@pytest.mark.parametrize("empty", [None, "", [], [""], [None]])
def test_an_empty_value_is_none(empty: object) -> None:
    with pytest.raises(UsageError, match="has no metal"):
        parse_preset("other-metal", TABLE)({"metal": empty})


@pytest.mark.parametrize("price", [0.0, -5.0, float("nan"), float("inf"), "100", True])
def test_a_price_without_a_band_is_refused(price: object) -> None:
    with pytest.raises(UsageError, match="has no price band"):
        parse_preset("cheaper", TABLE)({"price": price})


def test_a_price_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(UsageError, match="not a finite number"):
        parse_preset("dearer", TABLE)({"price": 1.7e308})


@pytest.mark.parametrize("name", ["", "other-metl", "\x1b[31m\n", "\udc80", "x" * 100_000])
def test_an_unknown_name_lists_the_names(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preset(name, TABLE)(ASKED)
    message = str(caught.value)
    assert all(known in message for known in PRESETS)
    assert ("did you mean 'other-metal'?" in message) == (name == "other-metl")
    assert message.isprintable()
    assert len(message) < 500


@pytest.mark.parametrize("table", [{"brand": FieldType.KEYWORD}, {"brand": FieldType.KEYWORD, "price": FieldType.TEXT}])
def test_a_catalog_without_the_field_says_which_presets_work(table: FieldTable) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preset("cheaper", table)(ASKED)
    assert "needs a number field 'price'" in str(caught.value)
    assert str(caught.value).endswith("work here: same-category, other-category, same-brand, other-brand")
