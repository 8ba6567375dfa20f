"""What a route does not know is refused, with what there is; short forms take every option that fits into a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from searcher.http.app import ROUTERS
from searcher.http.parameters import TAKE_ANYTHING
from searcher.questions.declared import declared
from searcher.questions.options import Options
from tests.searcher.http.conversation import problem_of
from tests.shops.indexes.built_index import Photographed

ALL = [one.name for one in declared(Options)]
"""Options of every question for products."""

IN_A_LINE: dict[str, Any] = {
    "k": 3,
    "offset": 1,
    "where": ["price<=10000", "category!=watches"],
    "min_score": -0.9,
    "fields": ["title", "price"],
    "preset": "same-category",
    "boosts": ["in_stock:0.1", "price:-0.05@0..500"],
    "caps": ["metal:2"],
    "diversity": 0.3,
    "colour": 0.2,
    "relax": ["price", "*"],
    "facets": ["category", "metal"],
    "per": "product",
    "explain": True,
    "exact": True,
}


@pytest.fixture(scope="module")
def photo(photographed: Photographed) -> bytes:
    return (photographed.catalog / "P005" / "0.png").read_bytes()


def names_refused(answer: Any) -> dict[str, str]:
    found = problem_of(answer, 422)
    assert found.type == "urn:jewelry:problem:invalid-request"
    assert found.errors is not None
    return {error.where: error.message for error in found.errors}


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "took_ms"}


def test_an_address_takes_every_option(client: TestClient) -> None:
    """Each of them does in the address what it does in JSON; lists repeat their name."""
    assert set(IN_A_LINE) == set(ALL)
    for given in [*({name: value} for name, value in IN_A_LINE.items() if name != "relax"), IN_A_LINE]:
        short = client.get("/v1/similar", params={"product_id": "P004", **given})
        long = client.post("/v1/similar", json={"product_id": "P004", **given})
        assert short.status_code == 200, short.text
        assert comparable(short.json()) == comparable(long.json())
        assert set(given) - {"k", "where", "exact"} <= set(short.json()["query"])


def test_a_form_takes_every_option(client: TestClient, photo: bytes) -> None:
    """As parts, as JSON, and some in each."""
    given = {name: value for name, value in IN_A_LINE.items() if name != "preset"}
    parts = {name: str(value) if isinstance(value, bool | float) else value for name, value in given.items()}
    crop = {"crop": [0, 0, 1, 0.5]}
    first, *rest = parts
    forms = [
        {"options": json.dumps({**given, **crop})},
        {**parts, "crop": "0,0,1,0.5"},
        {**parts, "crop": ["0", "0", "1", "0.5"]},
        {**{name: parts[name] for name in rest}, "options": json.dumps({first: given[first], **crop})},
    ]
    answers = [client.post("/v1/similar/photo", files={"image": photo}, data=form) for form in forms]
    assert [answer.status_code for answer in answers] == [200] * 4, answers[-1].text
    documents = [comparable(answer.json()) for answer in answers]
    assert documents[0]["query"]["where"] == given["where"]
    assert documents == [documents[0]] * 4


def test_the_category_of_a_part_of_an_uploaded_photo(client: TestClient, photo: bytes) -> None:
    def found(**form: Any) -> Any:
        answer = client.post("/v1/classify/photo", files={"image": photo}, data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()["categories"]

    assert found(crop="0,0,0.4,0.4") != found()
    assert len(found(crop="0,0,0.4,0.4", k="2")) == 2
    bad = client.post("/v1/classify/photo", files={"image": photo}, data={"crop": "0,0,1"})
    assert all(where.startswith("body.crop") for where in names_refused(bad))


def test_an_option_in_an_address_counts_or_is_refused(client: TestClient) -> None:
    strict = client.get("/v1/similar", params={"product_id": "P004", "min_score": 0.9999})
    assert strict.status_code == 200
    assert all(match["score"] >= 0.9999 for match in strict.json()["matches"])
    wrong = client.get("/v1/similar", params={"product_id": "P004", "wher": "category=rings"})
    told = names_refused(wrong)
    assert set(told) == {"query.wher"}
    assert all(name in told["query.wher"] for name in ("product_id", *ALL))
    assert "wher" in problem_of(wrong, 422).detail
    assert names_refused(client.get("/v1/facets?field=metal&wher=a&fields=b")).keys() == {"query.wher", "query.fields"}


def test_an_option_beside_json_is_refused(client: TestClient) -> None:
    wrong = client.post("/v1/similar", params={"where": "category=rings"}, json={"product_id": "P004"})
    assert "takes no parameters" in names_refused(wrong)["query.where"]


def test_a_part_that_is_not_known_is_refused(client: TestClient, photo: bytes) -> None:
    wrong = client.post("/v1/similar/photo", files={"image": photo}, data={"wher": "category=rings"})
    told = names_refused(wrong)
    assert set(told) == {"body.wher"}
    assert all(name in told["body.wher"] for name in ("image", "options", "crop", *ALL))
    for route in ("/v1/classify/photo", "/v1/duplicates/photo"):
        assert set(names_refused(client.post(route, files={"image": photo}, data={"where": "a"}))) == {"body.where"}


def test_an_option_as_a_part_and_in_json_is_refused(client: TestClient, photo: bytes) -> None:
    form = {"k": "3", "crop": "0,0,1,1", "options": '{"k": 3, "crop": [0, 0, 1, 1], "exact": true}'}
    wrong = client.post("/v1/similar/photo", files={"image": photo}, data=form)
    assert set(names_refused(wrong)) == {"body.options.k", "body.options.crop"}


@pytest.mark.parametrize("options", ["[]", "7", '{"k": 0}', '{"k": "3"}', "{", '{"explain": 1}'])
def test_json_beside_a_photo_is_taken_at_its_word(client: TestClient, photo: bytes, options: str) -> None:
    wrong = client.post("/v1/similar/photo", files={"image": photo}, data={"options": options, "exact": "true"})
    assert all(where.startswith("body.options") for where in names_refused(wrong))


@pytest.mark.parametrize(
    ("options", "where", "message"),
    [
        ("[1]", "body.options", 'is not a JSON object; for example {"k": 5}'),
        ("7", "body.options", 'is not a JSON object; for example {"k": 5}'),
        ('{"k": 3, "k": 4}', "body.options.k", "is given more than once; give it once"),
    ],
)
def test_json_beside_a_photo_is_one_object(
    client: TestClient, photo: bytes, options: str, where: str, message: str
) -> None:
    wrong = client.post("/v1/similar/photo", files={"image": photo}, data={"options": options})
    assert names_refused(wrong) == {where: message}


def test_what_stands_once_is_given_once(client: TestClient, photo: bytes) -> None:
    told = names_refused(client.get("/v1/similar?product_id=P004&k=3&k=4&k=5&where=price<=9&where=price<=9"))
    assert told == {"query.k": "is given 3 times; give it once"}
    twice = client.post("/v1/classify/photo", files=[("image", photo), ("image", photo), ("k", (None, "2"))])
    assert set(names_refused(twice)) == {"body.image"}


@pytest.mark.parametrize(
    ("route", "body", "where", "there"),
    [
        ("similar", {"product_id": "P004", "wher": []}, "body.wher", ALL),
        ("recommend", {"positive": ["P004"], "strateg": 1}, "body.strateg", [*ALL, "positive", "strategy"]),
        (
            "recommend",
            {"positive": [{"product": "P004"}]},
            "body.positive.0.product",
            ["product_id", "url"],
        ),
        ("discover", {"context": [{"positive": "a", "negative": "b", "more": 1}]}, "body.context.0.more", ["negative"]),
        ("facets", {"field": ["metal"]}, "body.field", ["fields", "where", "limit"]),
        ("classify", {"photo": "x"}, "body.photo", ["image", "url", "crop", "k"]),
    ],
)
def test_a_name_in_json_is_refused(client: TestClient, route: str, body: Any, where: str, there: list[str]) -> None:
    told = names_refused(client.post(f"/v1/{route}", json=body))
    assert told[where].startswith("is not known here; there is: ")
    names = told[where].partition(": ")[2].split(", ")
    assert set(there) <= set(names)


def test_a_name_that_is_not_known_is_told_first(client: TestClient) -> None:
    """Not that an example could be a text too."""
    wrong = client.post("/v1/recommend", json={"positive": [{"product_id": "P001", "x": 1}]})
    assert problem_of(wrong, 422).detail.startswith("body.positive.0.x: is not known here; there is: ")


def test_names_beside_a_photo_are_refused_with_what_there_is(client: TestClient, photo: bytes) -> None:
    wrong = client.post("/v1/similar/photo", files={"image": photo}, data={"options": '{"wher": []}'})
    assert "where" in names_refused(wrong)["body.options.wher"]


def versioned() -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path.startswith("/v1"):
                yield from ((method, route.path) for method in sorted(route.methods))


@pytest.mark.parametrize(("method", "path"), list(versioned()))
def test_no_route_ignores_a_parameter(client: TestClient, method: str, path: str) -> None:
    """But the addresses of pages and pictures, to which links and proxies append what they like."""
    filled = path.replace(":path", "").format(sha256="0" * 64, product_id="P000", kind="clusters", name="report.html")
    answer = client.request(method, filled, params={"no_such": "1"})
    if method == "HEAD":  # refuses without words
        assert answer.text == ""
        assert answer.status_code == client.get(filled, params={"no_such": "1"}).status_code
    elif path in TAKE_ANYTHING:
        assert "no_such" not in answer.text
    else:
        assert "query.no_such" in names_refused(answer)


@pytest.mark.parametrize(
    "path", ["/", "/review", "/static/page/main.js", "/favicon.ico", "/livez", "/readyz", "/metrics"]
)
def test_pages_and_probes_take_what_links_append(client: TestClient, path: str) -> None:
    assert client.get(path, params={"utm_source": "mail"}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/reports/model/report.html", "/v1/reports/clusters/report.html"])
def test_pages_of_reports_take_what_links_append(client: TestClient, path: str) -> None:
    plain, appended = client.get(path), client.get(path, params={"utm_source": "mail"})
    assert (appended.status_code, appended.headers["content-type"]) == (
        plain.status_code,
        plain.headers["content-type"],
    )
    assert "utm_source" not in appended.text


def test_pictures_take_what_links_append(client: TestClient) -> None:
    matches = client.get("/v1/similar", params={"product_id": "P000", "k": 5}).json()["matches"]
    address = next(match["thumbnail"] for match in matches if match["thumbnail"])
    assert client.get(address, params={"v": "2"}).status_code == 200


@pytest.mark.parametrize("text", ["1", "0", "yes", "on", "t"])
def test_true_and_false_are_written_as_the_document_says(client: TestClient, text: str) -> None:
    answer = client.get("/v1/similar", params={"product_id": "P001", "exact": text})
    assert "true or false" in problem_of(answer, 422).detail
    assert client.get("/v1/similar", params={"product_id": "P001", "exact": "false"}).status_code == 200
