"""The options of a question as a generation understands them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import FilterError
from indexer.store.filters import text_form
from indexer.store.filters.tree import Filter, Match
from searcher.questions.example import Example
from searcher.questions.options import Options
from searcher.search.ground.published import Published
from searcher.search.kinds.similar import Similar
from searcher.search.plan import Plan, make_plan
from searcher.service import SearchService
from tests.shops.indexes.built_index import TABLE, Built

TEXTS = ("category=rings|watches", "price<=300", "price>=10", "metal!=gold", "title~ring")
BY_PRODUCT = Similar([Example(product_id="P003")])
GOLD = Match("metal", ("gold",))


@pytest.fixture(scope="module")
def published(built: Built) -> Published:
    return Published(built.index, None)


def plan(published: Published, **wanted: Any) -> Plan:
    return make_plan(published, BY_PRODUCT, Options(**wanted))


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.sampled_from(TEXTS), max_size=6),
    relax=st.lists(st.sampled_from(["price", "category", "metal", "*"]), max_size=4),
)
def test_each_step_is_the_filter_of_the_texts_that_are_left(
    published: Published, texts: list[str], relax: list[str]
) -> None:
    """What is read once, text by text, is what the texts left would be read as."""
    first, *others = plan(published, where=texts, relax=relax).steps
    assert first == (text_form.read(texts, TABLE), ())
    for step in others:
        left = list(texts)
        for text in step.dropped:
            left.reverse()
            left.remove(text)
            left.reverse()
        assert step.where == text_form.read(left, TABLE)


def test_a_preset_waits_for_the_product(published: Published) -> None:
    preset = plan(published, preset="other-metal").preset
    assert preset is not None
    assert GOLD in preset({"metal": "gold"}).must_not


def tower(levels: int) -> Filter:
    where = Filter(must=(GOLD,))
    for _ in range(levels):
        where = Filter(must=(where,))
    return where


def in_json(levels: int) -> dict[str, Any]:
    where: dict[str, Any] = {"must": [{"key": "metal", "match": {"value": "gold"}}]}
    for _ in range(levels):
        where = {"must": [where]}
    return where


@pytest.mark.parametrize("make", [tower, in_json])
def test_a_filter_is_16_levels_deep_in_every_form_and_a_question_may_put_more_around_it(
    built: Built, published: Published, make: Any
) -> None:
    service = SearchService(built.index)
    wanted = {"preset": "other-category", "facets": ["metal"], "k": 5}
    deep = service.similar("P003", where=make(16), **wanted)
    assert deep.matches == service.similar("P003", where=["metal=gold"], **wanted).matches
    assert deep.matches
    with pytest.raises(FilterError, match="nested deeper than 16 levels"):
        plan(published, where=make(17))
    with pytest.raises(FilterError, match="nested deeper than 16 levels"):
        plan(published, where=make(500))
