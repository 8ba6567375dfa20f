"""Boosts add what their text says, order by the sum, and are refused in one line where they make no sense."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import UsageError
from searcher.search.ground.candidate import Candidate
from searcher.search.style.boosts import apply_boosts, parse_boosts
from tests.searcher.search.style.candidates import TABLE, candidate, candidate_lists, ids

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TEXTS = ("in_stock:0.05", "metal=gold:0.05", "price:0.1@50..300", "created:0.1@10d", "in_stock=false:-0.2")


def amount(text: str, payload: dict[str, Any], now: datetime = NOW) -> float:
    boost, *_ = parse_boosts([text], TABLE)
    return boost.amount(payload, now)


@pytest.mark.parametrize(
    ("text", "payload", "expected"),
    [
        ("in_stock:0.05", {"in_stock": True}, 0.05),
        ("in_stock:0.05", {"in_stock": False}, 0.0),
        ("in_stock:0.05", {}, 0.0),
        ("in_stock=false:-0.1", {"in_stock": False}, -0.1),
        ("in_stock=false:-0.1", {"in_stock": True}, 0.0),
        ("in_stock=no:-0.1", {"in_stock": False}, -0.1),
        ("metal=gold:0.05", {"metal": "gold"}, 0.05),
        ("metal=gold:0.05", {"metal": ["silver", "gold"]}, 0.05),
        ("metal=gold:0.05", {"metal": "Gold"}, 0.0),
        ("metal=gold:0.05", {"metal": []}, 0.0),
        (" metal = gold | silver : 0.05 ", {"metal": "silver"}, 0.05),
        ("metal=gold|silver:0.05", {"metal": ["gold", "silver"]}, 0.05),
        ("brand=a:b:0.05", {"brand": "a:b"}, 0.05),
        ('brand="Bel|le":0.05', {"brand": "Bel|le"}, 0.05),
        ("price:0.1@0..100", {"price": 0.0}, 0.0),
        ("price:0.1@0..100", {"price": 25.0}, 0.025),
        ("price:0.1@0..100", {"price": 100.0}, 0.1),
        ("price:0.1@0..100", {"price": 1e300}, 0.1),
        ("price:0.1@0..100", {"price": -5.0}, 0.0),
        ("price:-0.1@0..100", {"price": 50.0}, -0.05),
        ("price:0.1@-10 .. 10", {"price": 0.0}, 0.05),
        ("price:0.1@0..100", {"price": math.nan}, 0.0),
        ("price:0.1@0..100", {"price": True}, 0.0),
        ("created:0.1@30d", {"created": "2026-03-01T00:00:00Z"}, 0.1),
        ("created:0.1@30d", {"created": "2026-01-30T00:00:00Z"}, 0.05),
        ("created:0.1@30d", {"created": "2025-12-31T00:00:00Z"}, 0.025),
        ("created:0.1@30d", {"created": "2030-01-01T00:00:00Z"}, 0.1),
        ("created:0.1@0.5d", {"created": "2026-02-28T12:00:00Z"}, 0.05),
        ("created:1@0.000001d", {"created": "0001-01-01T00:00:00Z"}, 0.0),
        ("created:0.1@30d", {"created": "soon"}, 0.0),
        ("created:0.1@30d", {}, 0.0),
    ],
)
def test_what_a_boost_adds(text: str, payload: dict[str, Any], expected: float) -> None:
    found = amount(text, payload)
    assert found == pytest.approx(expected, abs=1e-8)
    assert math.copysign(1, found) == (1 if expected == 0 else math.copysign(1, expected)), "minus zero"


@given(candidate_lists(), st.lists(st.sampled_from(TEXTS), unique=True))
def test_the_score_is_the_sum_of_what_is_shown_and_the_best_come_first(
    candidates: list[Candidate], texts: list[str]
) -> None:
    before = {each.product_id: each for each in candidates}
    after = apply_boosts(candidates, parse_boosts(texts, TABLE), NOW)
    assert sorted(ids(after)) == sorted(before)
    assert after == sorted(after, key=lambda each: each.rank_key)
    for each in after:
        old = before[each.product_id]
        assert list(each.boosts) == texts
        assert each.score == round(old.score + sum(each.boosts.values()), 8)
        assert each.similarity == old.similarity
        assert each.payload == old.payload


@given(candidate_lists(), st.sampled_from(TEXTS), st.data())
def test_the_order_that_candidates_come_in_does_not_matter(
    candidates: list[Candidate], text: str, data: st.DataObject
) -> None:
    boosts = parse_boosts([text], TABLE)
    shuffled = data.draw(st.permutations(candidates))
    assert ids(apply_boosts(shuffled, boosts, NOW)) == ids(apply_boosts(candidates, boosts, NOW))


@given(candidate_lists(), st.floats(0, 1), st.floats(0, 1))
def test_more_weight_never_puts_what_is_boosted_further_down(
    candidates: list[Candidate], first: float, second: float
) -> None:
    """Nor what is not boosted further up."""
    light, heavy = sorted((round(first, 6), round(second, 6)))
    places = []
    for weight in (light, heavy):
        boosted = apply_boosts(candidates, parse_boosts([f"in_stock:{weight:f}"], TABLE), NOW)
        places.append({each.product_id: place for place, each in enumerate(boosted)})
    for each in candidates:
        if each.payload.get("in_stock"):
            assert places[1][each.product_id] <= places[0][each.product_id]
        else:
            assert places[1][each.product_id] >= places[0][each.product_id]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.integers(0, 4000), st.integers(0, 4000))
def test_scales_rise_with_the_number_and_with_the_date(low: float, high: float, older: int, newer: int) -> None:
    low, high = sorted((low, high))
    assert amount("price:0.1@-100..5000", {"price": low}) <= amount("price:0.1@-100..5000", {"price": high})
    newer, older = sorted((newer, older))
    dates = [(NOW - timedelta(days=days)).isoformat() for days in (older, newer)]
    amounts = [amount("created:0.1@30d", {"created": date}) for date in dates]
    assert 0.0 <= amounts[0] <= amounts[1] <= 0.1


def test_a_boost_can_turn_the_order_and_is_named() -> None:
    near, stocked = candidate("A", 0.9), candidate("B", 0.88, {"in_stock": True})
    after = apply_boosts([near, stocked], parse_boosts(["in_stock:0.05"], TABLE), NOW)
    assert [(each.product_id, each.score, dict(each.boosts)) for each in after] == [
        ("B", 0.93, {"in_stock:0.05": 0.05}),
        ("A", 0.9, {"in_stock:0.05": 0.0}),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read"),
        ("in_stock", "cannot be read"),
        (":0.1", "there is no field ''"),
        ("instock:0.1", "did you mean 'in_stock'?"),
        ("in_stock:", "the weight '' is not a number"),
        ("in_stock:much", "the weight 'much' is not a number"),
        ("in_stock:nan", "is not a number"),
        ("in_stock:inf", "is not a number"),
        ("in_stock:1e999", "is not a number"),
        ("in_stock:0,05", "is not a number"),
        ("in_stock:1.01", "out of bounds"),
        ("in_stock:-2", "out of bounds"),
        ("in_stock:0.1@30d", "takes no scale"),
        ("in_stock=perhaps:0.1", "write in_stock=true or in_stock=false"),
        ("in_stock=:0.1", "a value is missing"),
        ("metal:0.1", "needs a value: metal=VALUE:0.05"),
        ("metal=:0.1", "a value is missing"),
        ("metal=gold|:0.1", "nothing follows the last |"),
        ('metal="gold:0.1', "quoted value"),
        ("metal=gold:0.1@0..1", "takes no scale"),
        ("title:0.1", "title is text"),
        ("title=pearl:0.1", "title is text"),
        ("price:0.1", "needs a scale: price:0.05@0..100"),
        ("price=5:0.1", "boosted along a scale"),
        ("price:0.1@", "needs two bounds"),
        ("price:0.1@0..", "needs two bounds"),
        ("price:0.1@5", "needs two bounds"),
        ("price:0.1@0..inf", "needs two bounds"),
        ("price:0.1@100..0", "must rise"),
        ("price:0.1@5..5", "must rise"),
        ("price:0.1@-1e308..1e308", "must rise"),
        ("price:0.1@30d", "needs two bounds"),
        ("created:0.1", "needs a scale: created:0.05@30d"),
        ("created:0.1@30", "not a half-life in days"),
        ("created:0.1@d", "not a half-life in days"),
        ("created:0.1@0d", "out of bounds"),
        ("created:0.1@-1d", "out of bounds"),
        ("created:0.1@1e9d", "out of bounds"),
        ("created:0.1@0..100", "not a half-life in days"),
        ("metal=\udc80:0.1", "cannot be read"),
        ("in_stock\x1b[31m\n:0.1", "there is no field"),
        ("x" * 100_000 + ":0.1", "there is no field"),
        ("in_stock:" + "x" * 100_000, "is not a number"),
        ("created:0.1@" + "1" * 100_000 + "d", "not a half-life"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_boosts(["in_stock:0.2", text], TABLE)
    message = str(caught.value)
    assert reason in message
    assert "Fields: title (text), brand (keyword)" in message
    assert message.isprintable()
    assert len(message) < 1200


def test_the_same_boost_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="is given twice"):
        parse_boosts(["in_stock:0.1", " in_stock:0.1"], TABLE)


@given(st.text(max_size=40) | st.from_regex(r"(in_stock|price|created|metal)(=[a-z|\"]*)?:[-0-9.e]*(@[-0-9.d]*)?"))
def test_any_text_is_read_or_refused(text: str) -> None:
    payload = {"in_stock": True, "price": 5.0, "created": "2026-01-01T00:00:00Z", "metal": "gold"}
    try:
        boosts = parse_boosts([text], TABLE)
    except UsageError as error:
        message = str(error)
    else:
        message = ""
        assert all(abs(boost.amount(payload, NOW)) <= 1 for boost in boosts)
    assert message == "" or message.isprintable()
