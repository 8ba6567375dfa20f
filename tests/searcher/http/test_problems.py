"""Every error is a problem document, with the right status and without what is nobody's business."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from searcher.http.problems import PROBLEMS
from tests.searcher.http.conversation import MakeApp, problem_of


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        ("FilterError", 422, "invalid-filter"),
        ("UsageError", 422, "invalid-question"),
        ("UnknownProduct", 404, "unknown-product"),
        ("ImageError", 422, "invalid-photo"),
        ("VectorError", 422, "invalid-vector"),
        ("StoreMissing", 503, "index-unavailable"),
        ("StoreError", 503, "index-unavailable"),
        ("FingerprintMismatch", 503, "model-unavailable"),
        ("ModelError", 503, "model-unavailable"),
        ("CatalogError", 500, "failed"),
        ("JewelryError", 500, "failed"),
    ],
)
def test_errors_of_the_project(client: TestClient, error: str, status: int, kind: str) -> None:
    answer = client.get(f"/v1/probe/raise/{error}")
    found = problem_of(answer, status)
    assert found.type == f"urn:jewelry:problem:{kind}"
    assert ("secret" in found.detail) is (status < 500)  # the client's own mistakes are explained, ours are logged
    assert ("retry-after" in answer.headers) is (status == 503)


def test_the_place_of_the_index_is_not_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.app.state.service, "index", type("Index", (), {"location": "/srv/shop/index"}))  # type: ignore[attr-defined]
    found = problem_of(client.get("/v1/probe/raise/UnknownProduct"), 404)
    assert found.detail.startswith("what is wrong; secret")


def test_a_bug_shows_its_request_id_and_nothing_else(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/v1/probe/raise/bug")
    problem_of(answer, 500)
    assert "ZeroDivision" not in answer.text
    assert "srv" not in answer.text
    assert "ZeroDivisionError: secret /srv/internals" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_routing(client: TestClient) -> None:
    problem_of(client.get("/no-such"), 404)
    wrong = client.delete("/livez")
    problem_of(wrong, 405)
    assert wrong.headers["allow"] == "GET, HEAD"
    assert client.put("/v1/similar").headers["allow"] == "GET, HEAD, POST"  # three routes, one address
    problem_of(client.get("/v1/probe/products/"), 404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"null", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"k": 0}', 422),
        (b'{"k": "x"}', 422),
        (b'{"k": 1, "x\\ud800\\u001b": 2}', 422),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"k": ' + b"9" * 5000 + b"}", 400),
        (b'{"k": NaN}', 422),
        (b'{"k": 1e999}', 422),
    ],
)
def test_json_bodies(client: TestClient, body: bytes, status: int) -> None:
    problem_of(client.post("/v1/probe/json", content=body, headers={"content-type": "application/json"}), status)


def test_wrong_fields_are_named_but_not_repeated(client: TestClient) -> None:
    answer = client.post("/v1/probe/json", json={"k": "x" * 5000, "more": 1, "name": 7})
    found = problem_of(answer, 422)
    assert found.errors is not None
    assert {error.where for error in found.errors} == {"body.k", "body.more", "body.name"}
    assert "xxx" not in answer.text
    many = client.post("/v1/probe/json", json={f"field{number}": 1 for number in range(1000)})
    assert len(many.content) < 10_000


BOUNDARY = b"--cut\r\n"
PART = BOUNDARY + b'Content-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", PART + b"x\r\n--cut--\r\n"),
        ("multipart/form-data; boundary=", PART),
        ("multipart/form-data; boundary=cut", b""),
        ("multipart/form-data; boundary=cut", b"nonsense"),
        ("multipart/form-data; boundary=cut", b"--cut--\r\n"),
        ("multipart/form-data; boundary=cut", BOUNDARY + b"no header\r\n\r\nx\r\n--cut--\r\n"),
        ("multipart/form-data; boundary=cut", BOUNDARY + b"Content-Disposition: form-data\r\n\r\nx\r\n--cut--\r\n"),
        ("multipart/form-data; boundary=cut", PART.replace(b'; filename="a.jpg"', b"") + b"x\r\n--cut--\r\n"),
        ("multipart/form-data; boundary=cut", PART.replace(b"photo", b"\xff\xfe") + b"x\r\n--cut--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 500, b"x"),
        (
            "multipart/form-data; boundary=cut",
            (BOUNDARY + b'Content-Disposition: form-data; name="a"\r\n\r\n\r\n') * 1500,
        ),
    ],
)
def test_wrong_multipart(client: TestClient, content_type: str, body: bytes) -> None:
    answer = client.post("/v1/probe/photo", content=body, headers={"content-type": content_type})
    assert answer.status_code in (400, 422), answer.text
    problem_of(answer, answer.status_code)


def test_a_refused_preflight_is_a_problem_too(make_app: MakeApp) -> None:
    with TestClient(make_app(cors_origins="https://shop.example")) as client:
        asked = {"access-control-request-method": "POST", "origin": "https://evil.example"}
        answer = client.options("/v1/probe/json", headers=asked)
        problem_of(answer, 400)
        assert "access-control-allow-origin" not in answer.headers
        allowed = client.options("/v1/probe/json", headers={**asked, "origin": "https://shop.example"})
        assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
        simple = client.get("/v1/probe/raise/UsageError", headers={"origin": "https://shop.example"})
        assert simple.headers["access-control-allow-origin"] == "https://shop.example"


def test_other_sites_may_not_ask_unless_allowed(client: TestClient) -> None:
    answer = client.get("/livez", headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    asked = {"access-control-request-method": "POST", "origin": "https://evil.example"}
    assert client.options("/v1/probe/json", headers=asked).status_code == 405


def test_the_document_describes_the_problems(make_app: MakeApp, keyring: Any) -> None:
    document = make_app().openapi()
    assert document["openapi"].startswith("3.1")
    assert {"Problem", "FieldError"} <= set(document["components"]["schemas"])
    assert "securitySchemes" not in document["components"]
    responses = document["paths"]["/v1/admin/status"]["get"]["responses"]
    assert {str(status) for status in PROBLEMS} <= set(responses)
    assert list(responses["429"]["content"]) == ["application/problem+json"]
    keyed = make_app(keys=keyring.file.path).openapi()
    assert keyed["security"] == [{"bearer": []}, {"header": []}]
    assert keyed["paths"]["/livez"]["get"]["security"] == []
    assert "security" not in keyed["paths"]["/metrics"]["get"]
    json.dumps(keyed, allow_nan=False)
