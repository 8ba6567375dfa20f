"""Every place of every body with values of every other shape: what is said names neither models nor types of Python.

The bodies are made from the OpenAPI document, so that a new route and a new option are asked the same way. A batch
answers a query that is none in its place: the others are answered as they are without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from searcher.http.app import describe
from searcher.questions.declared import declared
from searcher.questions.options import Options
from tests.searcher.http.conversation import problem_of

WRONG: tuple[Any, ...] = (-1.5, True, "", {}, {"ExampleBody": {}}, [[]], [None, 5], [{"no": 1}], "x" * 2001)
DOCUMENT = describe()


def models(of: type[BaseModel] = BaseModel) -> Iterator[str]:
    for one in of.__subclasses__():
        if one.__module__.startswith("searcher."):
            yield one.__name__
        yield from models(one)


FRAMEWORK = re.compile(
    r"\b(str|int|float|bool|dict|tuple|NoneType|constrained|pydantic|union|model|instance|UploadFile)\b"
    r"|Input should|valid (string|dictionary|list|number|integer)|function-|Value error|Field required|after validation"
    r"|<class|\w\[\w"
)
OWN_NAMES = re.compile(rf"\b({'|'.join(sorted(set(models())))})\b")


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def values(schema: dict[str, Any]) -> list[Any]:
    """What the document allows, one value of each shape; objects with all that they may hold."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return [value for one in schema["anyOf"] for value in values(one)]
    if "enum" in schema or "const" in schema:
        return [schema.get("const", (schema.get("enum") or [None])[0])]
    kind = schema.get("type")
    if kind == "object":
        shapes = {name: values(one) for name, one in schema.get("properties", {}).items()}
        return [
            {name: of[min(number, len(of) - 1)] for name, of in shapes.items()}
            for number in range(max(map(len, shapes.values()), default=1))
        ]
    if kind == "array":
        items = schema.get("prefixItems") or [schema["items"]]
        return [[value for one in items for value in values(one)]]
    return [{"integer": 1, "number": 0.5, "boolean": True, "null": None}.get(str(kind), "P005")]


SHARED = {one.name for one in declared(Options)}
"""Asked of one route for all of them."""

BODIES: dict[str, list[Any]] = {
    path: values(operation["requestBody"]["content"]["application/json"]["schema"])
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method == "post" and "application/json" in operation.get("requestBody", {}).get("content", {})
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every place in a body, with what stands there now."""
    yield path, type(value).__name__
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def with_other(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = inner = deepcopy(body)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def is_in(body: Any, where: str, message: str) -> bool:
    """Whether a path leads through what was sent; what is missing stands in what was."""
    value, parts = {"body": body}, where.split(".")
    for part in parts[: len(parts) - (message == "is missing")]:
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return False
    return True


def ill_said(body: Any, found: dict[str, Any]) -> list[str]:
    """What is not said as it should be."""
    named = [one["where"] for one in found.get("errors", ())]
    said = [found["detail"], *(one["message"] for one in found.get("errors", ()))]
    sent = {"ExampleBody"}  # by this test, as a name of its own
    return [
        *(text for text in said if FRAMEWORK.search(text) or set(OWN_NAMES.findall(text)) - sent),
        *(one["where"] for one in found.get("errors", ()) if not is_in(body, one["where"], one["message"])),
        *(where for where in named if named.count(where) > 1),
    ]


def test_every_route_with_a_body_is_asked() -> None:
    assert {"/v1/similar", "/v1/batch", "/v1/discover", "/v1/recommend", "/v1/classify", "/v1/facets"} <= set(BODIES)
    assert len(BODIES) >= 10
    shapes = next(iter(BODIES["/v1/discover"]))["context"][0]
    assert set(shapes) == {"positive", "negative"}


@pytest.mark.parametrize("path", BODIES)
def test_what_has_another_shape_is_said_plainly(client: TestClient, path: str) -> None:
    refused, wrong, done = 0, [], set()
    for whole in BODIES[path]:
        for place, now in places(whole):
            if (place, now) in done or (path != "/v1/similar" and place and place[0] in SHARED):
                continue
            done.add((place, now))
            for value in WRONG:
                body = with_other(whole, place, value)
                answer = client.post(path, json=body)
                assert answer.status_code < 500, answer.text
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"
                    refused += 1
                    if ill := ill_said(body, answer.json()):
                        wrong.append((place, value, ill))
    assert not wrong, wrong[:10]
    assert refused > 10


def test_a_pattern_is_said_in_words(client: TestClient) -> None:
    """Wherever the OpenAPI document has one: what a client is told is no regular expression."""
    document = client.get("/openapi.json").json()
    asked = 0
    for path, methods in document["paths"].items():
        fixed = [one for one in methods.get("get", {}).get("parameters", []) if "pattern" in one["schema"]]
        named = {one["name"]: "NO!" for one in fixed if one["in"] == "path"}
        for one in fixed:
            answer = client.get(path.format(**named), params={} if named else {one["name"]: "NO!"})
            if answer.status_code == 403:  # needs a key of scope admin, which is asked for first
                continue
            asked += 1
            said = {entry["where"]: entry["message"] for entry in answer.json()["errors"]}
            words = said[f"{one['in']}.{one['name']}"]
            assert words.startswith(("must be the sha256 of", "must be the name of a file")), words
            assert "^" not in words
    assert asked >= 2


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
