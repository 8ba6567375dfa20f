"""Questions that would keep the service busy for minutes are refused; as much as may be asked is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from searcher.questions.bodies import MAX_BATCH, MAX_BATCH_FACETS
from searcher.questions.options import MAX_PRODUCTS, STYLE_POOL
from searcher.service import SearchService
from tests.searcher.http.conversation import problem_of, unlimited
from tests.shops.whole_shop import Shop, build_shop

P001 = {"product_id": "P001"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    with unlimited(shop) as client:
        yield client


def match(field: str, **how: Any) -> dict[str, Any]:
    return {"key": field, "match": how}


def above(price: int) -> dict[str, Any]:
    return {"key": "price", "range": {"gte": price}}


COSTLY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("similar", {**P001, "k": 10**9}),
    ("similar", {**P001, "offset": 10**9}),
    ("similar", {**P001, "k": MAX_PRODUCTS, "offset": 1}),
    ("similar", {**P001, "k": STYLE_POOL + 1, "diversity": 0.5}),
    ("similar", {**P001, "where": {"must": match("photo.path", value="x")}}),
    ("similar", {**P001, "where": {"must": match("co_viewed", value="x")}}),
    ("similar", {**P001, "where": {"must": {"has_id": ["00000000-0000-0000-0000-000000000000"]}}}),
    ("similar", {**P001, "where": {"must": {"nested": {"key": "photo", "filter": {}}}}}),
    ("similar", {**P001, "where": {"must": {"key": "price", "values_count": {"gt": 0}}}}),
    ("similar", {**P001, "where": {"should": [match("brand", value=str(n)) for n in range(5000)]}}),
    ("similar", {**P001, "where": {"must": [match("title", text="gold")] * 5000}}),
    ("similar", {**P001, "where": {"must_not": [{"must_not": [{"is_empty": {"key": "price"}}]}] * 3000}}),
    ("similar", {**P001, "where": ["brand^=" + "|".join("a" * 400)] * 50}),
    ("similar", {**P001, "where": ["category=rings"] * 51}),
    ("similar", {**P001, "where": ["title~" + "|".join(["gold"] * 150)] * 50}),
    ("similar", {**P001, "facets": ["product_id"]}),
    ("similar", {**P001, "facets": ["photo.sha256"]}),
    ("similar", {**P001, "facets": ["category"] * 21}),
    ("facets", {"fields": ["product_id"]}),
    ("facets", {"fields": ["photo.pixel_sha256"]}),
    ("facets", {"fields": ["photo.phash"]}),
    ("facets", {"fields": ["category"], "limit": 10**9}),
    ("facets", {"where": {"should": [above(n) for n in range(5000)]}}),
    ("recommend", {"positive": ["P001"] * 33}),
    ("recommend", {"positive": ["P001"], "strategy": "best_score", "k": 501}),
    ("discover", {"context": [{"positive": "P001", "negative": "P002"}] * 33}),
    ("also-viewed", {"product_ids": ["P001"] * 33}),
    ("also-viewed", {"product_ids": ["P001"], "k": 501}),
    ("text", {"text": "gold " * 101}),
    ("text", {"text": " ".join(f"word{n}" for n in range(60))}),
    ("text", {"text": "gold", "k": 501}),
    ("classify", {"image": "AAAA", "k": 10**9}),
    ("batch", {"queries": ["P001"] * (MAX_BATCH + 1)}),
    ("batch", {"queries": ["P001"] * 100, "k": 101}),
    ("batch", {"queries": ["P001"] * 2, "k": 5001}),
    ("batch", {"queries": ["P001"] * 2, "k": 1, "offset": 5000}),
    ("batch", {"queries": ["P001"] * 21, "diversity": 0.1}),
    ("batch", {"queries": ["P001"] * 21, "boosts": ["price:1@0..9"]}),
    ("batch", {"queries": ["P001"] * 51, "facets": ["category", "price"]}),
)


@pytest.mark.parametrize(("path", "body"), COSTLY)
def test_what_would_cost_too_much_is_refused(client: TestClient, path: str, body: dict[str, Any]) -> None:
    found = problem_of(client.post(f"/v1/{path}", json=body), 422)
    assert len(found.detail) <= 1000


FIVE = ["category", "price", "brand", "metal", "in_stock"]
AS_MUCH_AS_MAY_BE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("similar", {**P001, "k": MAX_PRODUCTS, "explain": True, "facets": ["category", "price", "brand"]}),
    ("similar", {**P001, "where": {"should": [above(n) for n in range(300)]}}),
    ("similar", {**P001, "where": {"must": [match("brand", **{"except": [str(n) for n in range(30_000)]})]}}),
    ("similar", {**P001, "where": ["brand^=A"]}),
    ("batch", {"queries": ["P001"] * 100, "k": 100}),
    ("batch", {"queries": ["P001"] * 20, "diversity": 0.5}),
    ("batch", {"queries": ["nobody"] * 100, "k": 1}),
    ("batch", {"queries": ["P001"] * (MAX_BATCH_FACETS // 5), "facets": FIVE}),
    ("recommend", {"positive": ["P001"] * 32, "negative": ["P002"] * 32, "strategy": "best_score", "k": 500}),
)


@pytest.mark.parametrize(("path", "body"), AS_MUCH_AS_MAY_BE)
def test_the_limits_themselves_are_allowed(client: TestClient, path: str, body: dict[str, Any]) -> None:
    assert client.post(f"/v1/{path}", json=body).status_code == 200


def test_a_mistyped_id_does_not_count_the_index_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suggestion in the refusal once cost as much as a hundred answers; now it is looked up once a generation."""
    service = SearchService(shop.index)
    store = service.published().store
    asked: list[str] = []
    plain = store.facet

    def counted(field: str, *rest: Any, **named: Any) -> Any:
        asked.append(field)
        return plain(field, *rest, **named)

    monkeypatch.setattr(store, "facet", counted)
    answers = service.similar_batch([f"Q{number:03d}" for number in range(20)])
    assert all("did you mean" in str(found) or "a sync adds" in str(found) for found in answers)
    assert asked == []  # they stand beside the generation


def test_many_at_once_are_all_answered(client: TestClient) -> None:
    """Large and small questions in threads: nothing is mixed up, nothing fails."""
    answers: list[tuple[str, int, str]] = []

    def ask(product: str) -> None:
        for _ in range(5):
            got = client.post("/v1/similar", json={"product_id": product, "k": MAX_PRODUCTS, "explain": True})
            answers.append((product, got.status_code, got.json()["query"]["product_id"]))

    threads = [threading.Thread(target=ask, args=(f"P{number:03d}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 40
    assert all(status == 200 and asked == named for asked, status, named in answers)
