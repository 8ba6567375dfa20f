"""Filters are dropped one by one in the stated order, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import UsageError
from searcher.search.style.fallback import relaxations
from tests.searcher.search.style.candidates import TABLE

TEXTS = st.lists(st.sampled_from(["metal=gold", "metal!=silver", "price>=5", " price <= 9", "brand=", "title~pearl"]))
ORDER = st.lists(st.sampled_from(["metal", "price", "stone", "*"]), max_size=3)


@pytest.mark.parametrize(
    ("texts", "relax", "expected"),
    [
        ([], ["*"], []),
        (["metal=gold"], [], []),
        (["metal=gold"], ["price"], []),
        (["metal=gold", "price<=9"], ["metal"], [(["price<=9"], ["metal=gold"])]),
        (
            ["metal=gold", "price<=9", "stone=ruby"],
            ["stone", "metal"],
            [(["metal=gold", "price<=9"], ["stone=ruby"]), (["price<=9"], ["stone=ruby", "metal=gold"])],
        ),
        (
            ["price>=5", "metal=gold", "price<=9"],
            ["price"],
            [(["price>=5", "metal=gold"], ["price<=9"]), (["metal=gold"], ["price<=9", "price>=5"])],
        ),
        (
            ["metal=gold", "price<=9", "stone=ruby"],
            ["metal", "*"],
            [
                (["price<=9", "stone=ruby"], ["metal=gold"]),
                (["price<=9"], ["metal=gold", "stone=ruby"]),
                ([], ["metal=gold", "stone=ruby", "price<=9"]),
            ],
        ),
        (["metal=gold"], ["*", "metal", "*"], [([], ["metal=gold"])]),
        (["photo.width>=100"], ["photo.width"], [([], ["photo.width>=100"])]),
        (["metal=price<=9"], ["price"], []),
    ],
)
def test_steps(texts: list[str], relax: list[str], expected: list[tuple[list[str], list[str]]]) -> None:
    found = relaxations(texts, relax, TABLE)
    assert [(list(left), list(dropped)) for left, dropped in found] == expected


@given(TEXTS, ORDER)
def test_each_step_drops_one_more_text_and_keeps_the_rest_in_order(texts: list[str], relax: list[str]) -> None:
    steps = relaxations(texts, relax, TABLE)
    before = tuple(texts)
    for count, (left, dropped) in enumerate(steps, 1):
        assert len(dropped) == count
        assert dropped[:-1] == (steps[count - 2][1] if count > 1 else ())
        assert sorted((*left, *dropped)) == sorted(texts)
        assert any(before[:place] + before[place + 1 :] == left for place in range(len(before)))
        before = left
    if "*" in relax:
        assert before == ()
    else:
        assert not any(text.strip().startswith(name) for text in before for name in relax)


@pytest.mark.parametrize("name", ["", "mettal", "metal=gold", "**", "\x1b[31m\n", "\udc80", "x" * 100_000])
def test_a_name_that_is_no_field_is_refused_also_without_filters(name: str) -> None:
    for relax in (["metal", name], [name]):
        with pytest.raises(UsageError) as caught:
            relaxations([], relax, TABLE)
        message = str(caught.value)
        assert "there is no field" in message
        assert "Fields: title (text)" in message
        assert ("did you mean 'metal'?" in message) == (name in ("mettal", "metal=gold"))
        assert message.isprintable()
        assert len(message) < 1000
