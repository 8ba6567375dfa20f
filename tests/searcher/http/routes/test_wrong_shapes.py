"""Every place of every body with values of every other shape: what is said names neither models nor types of Python.

The bodies are made from the OpenAPI document, so that a new route and a new option are asked the same way.
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


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
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
    asked, refused, wrong = 0, 0, []
    for whole in BODIES[path]:
        for place in places(whole):
            if path != "/v1/similar" and place and place[0] in SHARED:
                continue
            for value in WRONG:
                body = with_other(whole, place, value)
                answer = client.post(path, json=body)
                asked += 1
                assert answer.status_code < 500, answer.text
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"
                    refused += 1
                    if ill := ill_said(body, answer.json()):
                        wrong.append((place, value, ill))
    assert not wrong, wrong[:10]
    assert refused > asked / 4 > 10
