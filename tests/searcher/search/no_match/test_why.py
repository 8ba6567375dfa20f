"""A filter that passes no product says what no product has, and which values come nearest, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from indexer.store.filters.tree import Filter, Match
from indexer.store.filters.where import Where
from indexer.system.names import decomposed
from searcher.search.no_match import why
from searcher.service import SearchService
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index
from tests.shops.indexes.built_index import Plain, draw_payloads, points, record, unit_vectors

pytestmark = [pytest.mark.filterwarnings(message) for message in LOCAL_MODE_WARNINGS]
PAYLOADS = draw_payloads(60)


@pytest.fixture(scope="module", params=ENGINES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchService]:
    index = make_index(request.param, tmp_path_factory.mktemp("index"))
    build(index, points(PAYLOADS, unit_vectors(len(PAYLOADS))), record())
    made = SearchService(index)
    yield made
    made.close()


def products(passes: Plain) -> int:
    """The judge: products of which a photo passes, in a plain loop."""
    return len({payload["product_id"] for payload in PAYLOADS if passes(payload)})


def having(field: str, value: str) -> str:
    def has(payload: Mapping[str, Any]) -> bool:
        held = payload.get(field)
        return value in held if isinstance(held, list) else held == value

    return f"{value} ({products(has)})"


def said(service: SearchService, where: Where) -> list[str]:
    answer = service.similar("P000", where=where)
    assert answer.matches == ()
    return list(answer.notes)


GOLD, SILVER = having("metal", "gold"), having("metal", "silver")
AURUM, AURELIA, RINGS = having("brand", "Aurum"), having("brand", "Aurelia"), having("category", "rings")
PEARL = f"pearl ({products(lambda p: 'Pearl' in p.get('title', ''))})"
IN_TEXTS = {
    "metal=Gold": f'No product has metal "Gold"; near: {GOLD}.',
    "metal= GOLD ": f'No product has metal "GOLD"; near: {GOLD}.',
    'metal=" gold "': f'No product has metal " gold "; near: {GOLD}.',
    "metal=Gold|Sliver": f'No product has metal "Gold" or "Sliver"; near: {GOLD}, {SILVER}.',
    "metal=tin": f'No product has metal "tin"; there is only {GOLD}, {SILVER}.',
    "category=ring": f'No product has category "ring"; near: {RINGS}.',
    "brand=aurum": f'No product has brand "aurum"; near: {AURUM}.',
    "brand=Bel-le": f'No product has brand "Bel-le"; near: "Bel|le" ({having("brand", "Bel|le").split("(")[1]}.',
    "brand^=au": f'No value of brand begins with "au"; near: {AURUM}, {AURELIA}.',
    "price<=-5": "No product has price<=-5; the lowest is 0.",
    "price>550": "No product has price>550; the highest is 550.",
    "price=101..149": "No product has price=101..149; the nearest are 100 and 150.",
    "price=12.5": "No product has price=12.5; the nearest are 0 and 50.",
    "created>2027-01-01": "No product has created>=2027-01-02; the latest is 2026-01-05T23:59:59Z.",
    "created=2025-12-31": "No product has created=2025-12-31; the earliest is 2026-01-01.",
    "title~perl": f'No title has the word "perl"; near: {PEARL}.',
    "title~ring zzzz": 'No title has the word "zzzz".',
    "product_id=p-7": 'No product has product_id "p-7"; near: P007.',
    "photo.sha256=ab": "No product has a value in photo.sha256.",
    "product_id=": "Every product has a value in product_id.",
    "predicted_category!=": "No product has a value in predicted_category.",
}


@pytest.mark.parametrize("where", IN_TEXTS)
def test_of_filter_texts(service: SearchService, where: str) -> None:
    assert said(service, where) == [IN_TEXTS[where]]


def test_of_filters_in_json_and_as_a_tree(service: SearchService) -> None:
    gold = IN_TEXTS["metal=Gold"]
    match = {"key": "metal", "match": {"value": "Gold"}}
    assert said(service, {"must": match}) == [gold]
    assert said(service, {"must": [{"must": [match]}, {"key": "category", "match": {"value": "rings"}}]}) == [gold]
    assert said(service, {"should": [match, {"key": "brand", "match": {"prefix": "au"}}]}) == [
        gold,
        IN_TEXTS["brand^=au"],
    ]
    assert said(service, {"must": [{"key": "price", "range": {"gt": 550}}]}) == [IN_TEXTS["price>550"]]
    assert said(service, Filter(must=(Match("metal", ("Gold",)),))) == [gold]
    assert said(service, {"must_not": [{"is_empty": {"key": "predicted_category"}}]}) == [
        IN_TEXTS["predicted_category!="]
    ]
    assert said(service, {"must": {"key": "metal", "match": {"any": []}}}) == [
        "The filter asks for metal, and for no value of it."
    ]
    assert said(service, {"must": {"key": "metal", "match": {"except": ["gold", "silver"]}}}) == [
        'No product has a value in metal other than "gold" or "silver".'
    ]
    assert said(service, {"must_not": {"key": "photo.rank", "range": {"gte": 0}}}) == [
        "Every product has photo.rank>=0."
    ]


def test_each_condition_has_products_and_all_of_them_none(service: SearchService) -> None:
    """Which one keeps them apart is judged by leaving one out at a time."""
    rest = ["brand=Aurum", "category=rings"]
    both = products(lambda p: p.get("brand") == "Aurum" and p.get("category") == "rings")
    assert both
    prices = {p.get("price") for p in PAYLOADS if p.get("brand") == "Aurum" and p.get("category") == "rings"}
    free = next(price for price in range(0, 600, 50) if price not in prices)
    [note] = said(service, [*rest, f"price={free}"])
    assert note.startswith("Each condition has products, all of them together have none; without ")
    assert f"price={free}" in note
    silver = next(p["product_id"] for p in PAYLOADS if p.get("metal") == ["silver"])
    match = [{"key": "metal", "match": {"value": "gold"}}, {"key": "product_id", "match": {"value": silver}}]
    assert said(service, {"must": match}) == [
        "Each condition has products, all of them together have none; "
        "without the condition on metal or the condition on product_id some are left."
    ]


def test_what_is_dropped_is_said_all_the_same(service: SearchService) -> None:
    answer = service.similar("P000", where=["category=rings", "metal=Gold"], relax=["metal"], k=3)
    assert answer.matches
    assert answer.relaxed == ("metal=Gold",)
    assert list(answer.notes) == [IN_TEXTS["metal=Gold"]]


def test_of_every_kind_of_question(service: SearchService) -> None:
    wanted = IN_TEXTS["metal=Gold"]
    asked: dict[str, Any] = {"where": "metal=Gold"}
    for answer in (
        service.recommend(["P000"], ["P001"], **asked),
        service.recommend(["P000"], strategy="best_score", **asked),
        service.discover("P000", [("P001", "P002")], **asked),
        service.also_viewed(["P000"], co_view_weight=0, **asked),
        service.text("ring", mode="words", **asked),
        *service.similar_batch(["P000", "P001"], **asked),
    ):
        assert answer.matches == ()  # type: ignore[union-attr]
        assert wanted in answer.notes  # type: ignore[union-attr]
    found = service.facets(["category", "price"], **asked)
    assert found.notes == (wanted,)
    assert [facet.values or facet.ranges for facet in found] == [(), ()]


def test_nothing_is_said_and_nothing_counted_where_something_passes(
    service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    monkeypatch.setattr(why, "facet_basis", lambda published: calls.append(published))
    assert service.similar("P000", where="metal=gold").notes == ()
    assert service.similar("P000", where="metal=gold", k=5, offset=500).notes == ()
    assert service.similar("P000", where="metal=gold", min_score=1).notes == ()
    assert service.similar("P000").notes == ()
    assert service.facets(["metal"], "metal=gold").notes == ()
    assert calls == []


def test_a_filter_of_very_many_conditions_is_not_told_whole(service: SearchService) -> None:
    ranges = [{"key": "price", "range": {"gte": n + 0.25, "lte": n + 0.5}} for n in range(12)]
    assert len(said(service, {"should": ranges})) == why.MAX_NOTES
    [note] = said(service, {"must": {"key": "metal", "match": {"any": [f"x{n}" for n in range(500)]}}})
    assert note == f'No product has metal "x0", "x1", "x2" or any of 497 more; there is only {GOLD}, {SILVER}.'
    [note] = said(service, {"must": {"key": "metal", "match": {"value": "gold " * 5_000}}})
    assert len(note) < 200


def test_a_field_of_more_values_than_are_listed(service: SearchService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "MAX_VALUES", 1)
    made = SearchService(service.index)
    for asked in ("AURELIA", "aurelia", " Aurelia "):
        assert made.similar("P000", where=f'brand="{asked}"').notes[0].endswith(f"near: {AURELIA}.")
    made.close()


def test_accents_in_either_form(service: SearchService) -> None:
    assert said(service, f"title~{decomposed('étoilé')}") == said(service, "title~étoilé")
    assert len(said(service, f"brand^={decomposed('É')}")) == 1
