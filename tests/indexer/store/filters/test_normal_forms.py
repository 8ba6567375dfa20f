"""A filter finds a name whatever normal form it or the index has, in every form of a filter and on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unicodedata import normalize

import pytest

from indexer.fields.types import FieldType
from indexer.store.filters.normal_forms import in_both_forms, spellings
from indexer.store.filters.text_form import read
from indexer.store.filters.tree import Filter, Match
from tests.congruence.both_stores import ENGINES, filled, open_engine
from tests.congruence.engines import STAND_IN_WARNINGS, AnyStore

pytestmark = [pytest.mark.filterwarnings(message) for message in STAND_IN_WARNINGS]
TABLE = {"title": FieldType.TEXT, "metal": FieldType.KEYWORD, "price": FieldType.NUMBER}
NAME, TITLE = "dor\u00e9", "Collier dor\u00e9 \u00e0 perles"


@pytest.fixture(scope="module", params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyStore]:
    products: list[dict[str, Any]] = [
        {
            "product_id": f"{form}-\u00e9"[:-1] + normalize(form, "\u00e9"),
            "metal": normalize(form, NAME),
            "title": normalize(form, TITLE),
        }
        for form in ("NFC", "NFD")
    ]
    products += [{"product_id": "plain", "metal": "dore", "title": "Ring"}, {"product_id": "none"}]
    with open_engine(request.param, tmp_path_factory.mktemp("s")) as engine, filled(engine, TABLE, products) as store:
        yield store


def found(shop: AnyStore, where: Any) -> set[str]:
    return {str(point.payload["product_id"])[:3] for point in shop.scroll(read(where, TABLE))}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("where", "products"),
    [
        ("metal=dor\u00e9", {"NFC", "NFD"}),
        ("metal=dor\u00e9|gold", {"NFC", "NFD"}),
        ('metal="dor\u00e9"', {"NFC", "NFD"}),
        ("metal!=dor\u00e9", {"pla", "non"}),
        ("metal^=dor\u00e9", {"NFC", "NFD"}),
        ("title~dor\u00e9", {"NFC", "NFD"}),
        ("title~\u00e0 dor\u00e9 collier", {"NFC", "NFD"}),
        ("product_id=NFD-\u00e9", {"NFD"}),
        ("product_id=NFC-\u00e9", {"NFC"}),
        ({"must": {"key": "metal", "match": {"value": "dor\u00e9"}}}, {"NFC", "NFD"}),
        ({"must": [{"key": "metal", "match": {"any": ["dor\u00e9", "gold"]}}]}, {"NFC", "NFD"}),
        ({"must": [{"key": "metal", "match": {"except": ["dor\u00e9"]}}]}, {"pla"}),
        ({"should": [{"must": [{"key": "metal", "match": {"prefix": "dor\u00e9"}}]}]}, {"NFC", "NFD"}),
        ({"must_not": [{"key": "title", "match": {"text": "dor\u00e9"}}]}, {"pla", "non"}),
        (Filter(must=(Match("metal", ("dor\u00e9",)),)), {"NFC", "NFD"}),
    ],
)
def test_both_normal_forms_are_one_name(shop: AnyStore, where: Any, form: str, products: set[str]) -> None:
    assert found(shop, in_form(where, form)) == products


def in_form(where: Any, form: str) -> Any:
    """The same filter with its texts in a normal form."""
    if isinstance(where, str):
        return normalize(form, where)
    if isinstance(where, dict):
        return {name: in_form(value, form) for name, value in where.items()}
    if isinstance(where, list):
        return [in_form(value, form) for value in where]
    return Filter(must=(Match("metal", (normalize(form, NAME),)),))


def test_what_has_no_accents_is_asked_for_as_it_was() -> None:
    tree = read(["metal=gold|silver", "title~ring", "price<=5"], TABLE)
    assert tree is not None
    assert in_both_forms(tree) == tree
    assert spellings(("a", True, "\u00e9")) == ("a", True, "\u00e9", "e\u0301")
