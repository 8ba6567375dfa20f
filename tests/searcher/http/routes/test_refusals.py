"""Errors that libraries put into words leave the service as problems too."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.testclient import TestClient

from tests.searcher.http.conversation import MakeApp, problem_of


@pytest.fixture(scope="module")
def picture(client: TestClient) -> str:
    matches = client.get("/v1/similar?product_id=P001&fields=product_id").json()["matches"]
    return str(next(match["thumbnail"] for match in matches if match["thumbnail"]))


@pytest.mark.parametrize("wanted", ["bytes=zz", "bytes=5-2", "bytes=", "BYTES=5-2", "x"])
def test_a_range_that_cannot_be_read(client: TestClient, picture: str, wanted: str) -> None:
    found = problem_of(client.get(picture, headers={"range": wanted}), 400)
    assert found.detail == "the header Range cannot be read; ask for bytes=0-99, or without it"


@pytest.mark.parametrize("wanted", ["lines=1-2", "items=0-", "=1-2"])
def test_a_range_in_another_unit_is_passed_over(client: TestClient, picture: str, wanted: str) -> None:
    """RFC 9110, section 14.2."""
    found = client.get(picture, headers={"range": wanted})
    assert (found.status_code, found.content) == (200, client.get(picture).content)


def test_a_range_that_there_is_not(client: TestClient, picture: str) -> None:
    answer = client.get(picture, headers={"range": "bytes=99999999-"})
    assert "Content-Range says how many there are" in problem_of(answer, 416).detail
    size = len(client.get(picture).content)
    assert answer.headers["content-range"] == f"bytes */{size}"
    part = client.get(picture, headers={"range": "bytes=2-5"})
    assert (part.status_code, part.headers["content-range"]) == (206, f"bytes 2-5/{size}")


def test_any_other_error_is_a_problem_with_its_headers(make_app: MakeApp) -> None:
    app: FastAPI = make_app()

    @app.get("/v1/probe/plain/{status}")
    def plain(status: int) -> Any:
        return PlainTextResponse("Input should be a valid string", status, headers={"retry-after": "7"})

    with TestClient(app) as client:
        for status in (400, 404, 413, 429, 500, 503):
            answer = client.get(f"/v1/probe/plain/{status}")
            assert "Input should" not in problem_of(answer, status).detail
            assert answer.headers["retry-after"] == "7"
        assert client.get("/v1/probe/plain/200").text == "Input should be a valid string"


def test_a_bug_in_the_outermost_layer_is_a_problem(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("searcher.http.access.proxies.ClientAddress.__call__", broken)
    client = TestClient(make_app(), raise_server_exceptions=False)
    answer = client.get("/v1/similar?product_id=P001")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_a_number_of_thousands_of_digits_is_said_plainly(client: TestClient) -> None:
    body = '{"product_id": "P001", "k": ' + "9" * 5000 + "}"
    sent = client.post("/v1/similar", content=body, headers={"content-type": "application/json"})
    assert "holds a number of thousands of digits" in problem_of(sent, 400).detail
    photo = {"image": b"x"}
    form = problem_of(client.post("/v1/similar/photo", files=photo, data={"options": '{"k": ' + "9" * 5000 + "}"}), 422)
    assert "holds a number of thousands of digits" in form.detail
    assert "sys." not in form.detail
