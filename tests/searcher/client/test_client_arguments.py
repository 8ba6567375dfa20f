"""Every method of the client with every kind of wrong value: sent, or refused in one line; nothing else is raised."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from indexer.errors import ClientError, JewelryError, ServiceUnavailable, UsageError
from searcher import Client
from tests.searcher.http.conversation import app_over, running
from tests.shops.indexes.built_index import Photographed
from tests.shops.wrong_values import NUMBERS, VALUES, assert_readable

NOBODY = "http://127.0.0.1:9"
"""What is sent there cannot be delivered."""
NEEDED: dict[str, dict[str, Any]] = {
    "similar_photo": {"photo": b"x"},
    "also_viewed": {"product_ids": ["P000"]},
    "text": {"text": "ring"},
    "batch": {"queries": ["P000"]},
    "classify_photo": {"photo": b"x"},
    "product": {"product_id": "P000"},
    "picture": {"address": "x"},
    "report": {"address": "/v1/reports/clusters/report.csv"},
    "duplicate_picture": {"sha256": "x"},
    "difference": {"first": "x", "second": "y"},
    "decide": {"first": "x", "second": "y", "verdict": "same"},
}
SECONDS = NUMBERS - {"below 0", "no number"}
SAID = {"base_url": "", "api_key": "", "longest_wait": ""}
"""What a message calls an argument, where it is in other words."""
METHODS = [name for name in vars(Client) if not name.startswith("_") and name != "close"]
PARAMETERS = [
    (method, name)
    for method in METHODS
    for name, one in inspect.signature(getattr(Client, method)).parameters.items()
    if name != "self" and one.kind is not one.VAR_KEYWORD
]


@pytest.mark.parametrize(("method", "parameter"), [*PARAMETERS, ("similar", "k"), ("similar", "where")])
def test_a_value_is_sent_or_refused_in_one_line(method: str, parameter: str) -> None:
    with Client(NOBODY) as client:
        for kind, make in VALUES.items():
            asked = {**NEEDED.get(method, {}), parameter: make()}
            try:
                given = getattr(client, method)(**asked)
            except ServiceUnavailable:
                continue
            except JewelryError as error:
                assert_readable(error)
            else:
                assert (method, kind, given) == ("picture", "nothing", None)


CALLS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "recommend a text": (lambda c: c.recommend("P000"), "positive is the text 'P000'; give a list of product ids"),
    "recommend a number": (lambda c: c.recommend(5), "positive is 5; give a list of product ids, photos or vectors"),
    "view a text": (lambda c: c.also_viewed("P000"), "product_ids is the text 'P000'; give a list of product ids"),
    "view numbers": (lambda c: c.also_viewed([1]), "product_ids holds 1; give a list of product ids"),
    "count a text": (lambda c: c.facets("category"), "fields is the text 'category'; give a list of field names"),
    "count nothing": (lambda c: c.facets(None), "fields is None; give a list of field names"),
    "a batch of a text": (lambda c: c.batch("P000"), "queries is the text 'P000'; give a list of product ids"),
    "a flat pair": (lambda c: c.discover(None, ("a1", "b2")), "context holds the text 'a1'; give pairs: [("),
    "a pair of three": (lambda c: c.discover(None, [("a", "b", "c")]), "context holds a tuple of 3; give pairs"),
    "digits as a vector": (lambda c: c.similar(vector="123"), "vector: the text '123' cannot be compared with"),
    "bytes as a vector": (lambda c: c.similar(vector=b"123"), "vector: bytes cannot be compared with; give ids"),
    "an object": (lambda c: c.similar("P000", k=object()), "k cannot be sent as JSON: it holds a value of type object"),
    "no number": (
        lambda c: c.similar("P000", min_score=float("nan")),
        "min_score cannot be sent as JSON: it holds",
    ),
    "a product of a number": (lambda c: c.product(5), "product_id is 5; give text"),
    "a picture of a number": (lambda c: c.picture(5), "address is 5; give an address that the service gave"),
    "a report of nothing": (lambda c: c.report(None), "address is None; give an address that the service gave"),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_said(call: str) -> None:
    ask, complaint = CALLS[call]
    with Client(NOBODY) as client, pytest.raises(UsageError) as caught:
        ask(client)
    assert complaint in assert_readable(caught.value)


@pytest.mark.parametrize(
    ("parameter", "right"),
    [
        ("base_url", set()),
        ("api_key", {"nothing", "text", "text of a number", "text of numbers", "text of a truth", "long text"}),
        ("timeout", SECONDS),
        ("attempts", {"number", "whole fraction", "great number", "numpy number"}),
        ("longest_wait", SECONDS),
    ],
)
def test_a_client_is_made_of_what_it_may_be_made_of(parameter: str, right: set[str]) -> None:
    for kind, make in VALUES.items():
        given: dict[str, Any] = {"base_url": NOBODY, parameter: make()}
        if kind in right:
            with Client(**given) as client, pytest.raises(ServiceUnavailable):
                client.alive()
        else:
            with pytest.raises(UsageError) as caught:
                Client(**given)
            assert SAID.get(parameter, parameter) in assert_readable(caught.value)


def test_what_the_docs_show(photographed: Photographed) -> None:
    """A picture of each match, also where there is none; numbers and lists of other libraries go as plain ones."""
    with (
        running(app_over(photographed, rate_limit=0)) as port,
        Client(f"http://127.0.0.1:{port}") as client,
    ):
        found = client.similar("P003", k=12, fields=["title"])
        pictures = {match["product_id"]: client.picture(match["thumbnail"]) for match in found["matches"]}
        assert pictures.pop("P011") is None, "the product without thumbnails"
        assert all(picture is not None and picture[8:12] == b"WEBP" for picture in pictures.values())
        given: dict[str, Any] = {"k": np.int64(12), "fields": (name for name in ["title"]), "min_score": np.float32(-1)}
        assert client.similar("P003", **given)["matches"] == found["matches"]
        for parameter in ("k", "where", "fields", "explain", "min_score", "preset"):
            with pytest.raises(ClientError) as caught:
                client.similar("P003", **{parameter: [["b"]]})  # type: ignore[arg-type]
            assert parameter in assert_readable(caught.value)
