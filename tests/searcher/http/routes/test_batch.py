"""A batch answers a query that is none in its place: the others are answered as they are without it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.searcher.http.conversation import problem_of

JSON = {"content-type": "application/json"}


def answers(client: TestClient, queries: list[Any], **options: Any) -> list[dict[str, Any]]:
    answer = client.post("/v1/batch", json={"queries": queries, "k": 2, **options})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["answers"]
    return found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (5, "must be text or an object"),
        (None, "must be text or an object"),
        ([], "must be text or an object"),
        ("", "must have at least 1 character"),
        ("x" * 501, "must have at most 500 characters"),
        ({}, "nothing is given to compare with"),
        ({"product_id": ""}, "nothing is given to compare with"),
        ({"product_id": 5}, "product_id: must be text"),
        ({"no": 1}, "no: is not known here; there is: product_id, image, url, vector, crop"),
        ({"no": 1, "product_id": 5}, "product_id: must be text"),
        ({"image": "AAAA", "crop": [0, 0]}, "crop: must have 4 entries"),
        ({"image": "AAAA", "crop": [0, 0, 2, 1]}, "crop.2: must be at most 1"),
        ({"image": "AAAA", "crop": [0.5, 0, 0.2, 1]}, "is empty or outside the photo"),
        ({"product_id": "P001", "crop": [0, 0, 1, 1]}, "a crop box needs a photo"),
        ({"product_id": "P001", "image": "AAAA"}, "several are given to compare with"),
        ({"vector": [1, "a"]}, "vector.1: must be a number, not text"),
        ({"image": "AAAA"}, "image"),
    ],
)
def test_a_query_that_is_none_has_its_error_in_its_place(client: TestClient, query: Any, words: str) -> None:
    good, bad, last = answers(client, ["P001", query, "P002"])
    assert set(bad) == {"error"}
    assert words in bad["error"]
    alone = answers(client, ["P001", "P002"])
    assert [one["matches"] for one in (good, last)] == [one["matches"] for one in alone]


def test_a_query_that_is_no_unicode_has_its_error_too(client: TestClient) -> None:
    sent = client.post("/v1/batch", content='{"queries": ["\\ud800", "P001"], "k": 1}', headers=JSON)
    bad, good = sent.json()["answers"]
    assert bad == {"error": "must be text in UTF-8"}
    assert len(good["matches"]) == 1


def test_a_batch_of_nothing_but_errors_is_answered(client: TestClient) -> None:
    assert [set(one) for one in answers(client, [None, 5, {"no": 1}])] == [{"error"}] * 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "body.queries: is missing"),
        ({"queries": None}, "body.queries: is missing"),
        ({"queries": "P001"}, "body.queries: must be a list"),
        ({"queries": []}, "body.queries: must have at least 1 entry"),
        ({"queries": ["P001"] * 101}, "body.queries: must have at most 100 entries"),
        ({"queries": ["P001"], "k": "2"}, "body.k: must be a number, not text"),
        ({"queries": ["P001"], "no": 2}, "body.no: is not known here"),
    ],
)
def test_what_is_wrong_with_the_batch_itself_is_refused(client: TestClient, body: Any, words: str) -> None:
    assert words in problem_of(client.post("/v1/batch", json=body), 422).detail
