"""What is null or empty is not given: in JSON, in forms and in addresses, while what is needed stays needed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from searcher.questions.declared import declared
from searcher.questions.options import Options
from tests.searcher.http.conversation import problem_of
from tests.shops.indexes.built_index import Photographed

NAMES = [one.name for one in declared(Options)]
LISTS = [one.name for one in declared(Options) if one.many]

ASKED: dict[str, dict[str, Any]] = {
    "similar": {"product_id": "P001"},
    "recommend": {"positive": ["P001"]},
    "discover": {"target": "P001"},
    "also-viewed": {"product_ids": ["P001"]},
    "text": {"text": "ring"},
    "batch": {"queries": ["P001"]},
    "facets": {},
}
OWN: dict[str, tuple[str, ...]] = {
    "similar": ("image", "url", "vector", "crop"),
    "recommend": ("negative", "strategy"),
    "discover": ("context",),
    "also-viewed": ("decay", "co_view_weight"),
    "text": ("mode",),
    "batch": (),
    "facets": ("fields", "where", "limit"),
}


def told(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    document = answer.json()
    for one in (document, *document.get("answers", ())):
        one.pop("took_ms", None)
    return document


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("route", ASKED)
def test_an_option_that_is_left_open_in_json(client: TestClient, route: str, empty: str | None) -> None:
    expected = told(client.post(f"/v1/{route}", json=ASKED[route]))
    names = [*OWN[route], *(() if route == "facets" else NAMES)]
    for given in [*({name: empty} for name in names), dict.fromkeys(names, empty)]:
        assert told(client.post(f"/v1/{route}", json={**ASKED[route], **given})) == expected, given


@pytest.mark.parametrize("empty", [[""], [None], ["", ""], {}, []])
def test_a_filter_that_holds_nothing(client: TestClient, empty: Any) -> None:
    expected = told(client.post("/v1/similar", json=ASKED["similar"]))
    found = told(client.post("/v1/similar", json={**ASKED["similar"], "where": empty}))
    assert found["matches"] == expected["matches"]


@pytest.mark.parametrize(
    ("route", "body", "words"),
    [
        ("text", {"text": ""}, "body.text: is missing"),
        ("text", {"text": None}, "body.text: is missing"),
        ("also-viewed", {"product_ids": ""}, "body.product_ids: is missing"),
        ("also-viewed", {"product_ids": [""]}, "body.product_ids.0: must have at least 1 character"),
        ("batch", {"queries": None}, "body.queries: is missing"),
        ("similar", {"product_id": ""}, "nothing is given"),
        ("similar", {"product_id": None, "image": ""}, "nothing is given"),
        ("recommend", {"positive": None, "negative": ""}, "nothing is given"),
        ("discover", {"target": "", "context": None}, "nothing is given"),
        ("discover", {"context": [{"positive": "", "negative": "P001"}]}, "body.context.0.positive: is missing"),
        ("classify", {"image": "", "url": None}, "give either a photo or its URL"),
        ("duplicates", {"image": "", "url": ""}, "give exactly one"),
        ("similar", {"product_id": "P001", "wher": None}, "body.wher: is not known here"),
        ("similar", {"product_id": "P001", "where": ["", "price<=500"]}, "filter ''"),
    ],
)
def test_what_is_needed_stays_needed(client: TestClient, route: str, body: Any, words: str) -> None:
    assert words in problem_of(client.post(f"/v1/{route}", json=body), 422).detail


def test_an_option_that_is_left_open_in_an_address(client: TestClient) -> None:
    expected = told(client.get("/v1/similar?product_id=P001"))
    for name in NAMES:
        assert told(client.get(f"/v1/similar?product_id=P001&{name}=")) == expected
        assert told(client.get(f"/v1/similar?{name}&product_id=P001")) == expected
        assert told(client.get(f"/v1/similar?{name}=&product_id=P001&{name}=")) == expected
    everything = "&".join(f"{name}=" for name in NAMES)
    assert told(client.get(f"/v1/similar?{everything}&product_id=P001")) == expected
    assert told(client.get("/v1/facets?field=&where=&limit=")) == told(client.get("/v1/facets"))
    filtered = told(client.get("/v1/similar?product_id=P001&where=&where=price<=100&k=&k=2"))
    assert filtered["query"] == {"product_id": "P001", "k": 2, "where": ["price<=100"], "exact": False}


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/v1/similar?product_id=", 422, "query.product_id: is missing"),
        ("/v1/similar?product_id=P001&wher=", 422, "query.wher: is not known here; there is: product_id, k"),
        ("/v1/similar?product_id=P001&k=1&k=&k=2", 422, "query.k: is given 2 times"),
        ("/v1/duplicates?tier=&offset=&limit=", 404, "there is no report of duplicates yet"),
        ("/v1/outliers?oddity=&offset=", 404, "there is no report of outliers yet"),
    ],
)
def test_what_an_address_needs_or_does_not_know(client: TestClient, address: str, status: int, words: str) -> None:
    assert words in problem_of(client.get(address), status).detail


def test_an_option_that_is_left_open_in_a_form(client: TestClient, photographed: Photographed) -> None:
    photo = {"image": (photographed.catalog / "P005" / "0.png").read_bytes()}
    expected = told(client.post("/v1/similar/photo", files=photo))
    open_parts: dict[str, Any] = dict.fromkeys([*NAMES, "crop", "options"], "")
    documents: list[Any] = [dict.fromkeys(NAMES), dict.fromkeys([*NAMES, "crop"], "")]
    documents += ["", None]  # the document itself
    for form in [open_parts, *({"options": json.dumps(one)} for one in documents), {"where": ["", ""]}]:
        assert told(client.post("/v1/similar/photo", files=photo, data=form)) == expected
    both = {"k": "2", "options": '{"k": null, "where": ""}'}
    assert len(told(client.post("/v1/similar/photo", files=photo, data=both))["matches"]) == 2
    unknown = problem_of(client.post("/v1/similar/photo", files=photo, data={"wher": ""}), 422)
    assert "body.wher: is not known here; there is: image, options" in unknown.detail
    address = "/v1/similar/photo?" + "&".join(f"{name}=" for name in [*NAMES, "options", "crop"])
    sent = client.post(address, content=photo["image"], headers={"content-type": "image/png"})
    assert told(sent)["matches"] == expected["matches"]
