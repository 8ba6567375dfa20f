"""The page and its files over HTTP: types, ETags, no key needed, and nothing but its own files."""

from __future__ import annotations

import posixpath
import re

import pytest
from starlette.testclient import TestClient

from searcher.http.routes.page import web_files


def test_the_page_and_all_its_files_need_no_key(guarded: TestClient) -> None:
    assert {"index.html", "icon.svg", "page/main.js", "styles/page.css"} <= set(web_files())
    for name, file in web_files().items():
        answer = guarded.get(f"/static/{name}")
        assert (answer.status_code, answer.content) == (200, file.content)
        assert answer.headers["content-type"] == file.media_type
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert guarded.get("/review").content == web_files()["review.html"].content
    assert guarded.get("/").content == web_files()["index.html"].content
    assert guarded.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_scripts_and_styles_of_the_page_alone(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    html = client.get("/").text + client.get("/review").text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|https?://|//[a-z]", html)
    named = set(re.findall(r'(?:src|href)="static/([^"]+)"', html))
    for name, file in web_files().items():
        if name.endswith(".js"):
            imported = re.findall(r'from "(\.\.?/[^"]+)"', file.content.decode())
            named |= {posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) for other in imported}
            assert not re.search(
                r"\b(innerHTML|outerHTML|insertAdjacentHTML|eval|document\.write)\b", file.content.decode()
            )
    assert named | {"index.html", "review.html"} == set(web_files())  # none is missing, none is left over


def test_a_file_is_sent_once(client: TestClient) -> None:
    first = client.get("/static/styles/page.css")
    etag = first.headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = client.get("/static/styles/page.css", headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get("/static/styles/page.css", headers={"if-none-match": '"other"'}).status_code == 200


def test_head_and_other_methods(client: TestClient) -> None:
    head = client.head("/")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(web_files()["index.html"].content)))
    refused = client.post("/")
    assert refused.status_code == 405
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/x.js",
        "/static/page",
        "/static/report/report.js",
        "/static/../http/app.py",
        "/static/%2e%2e/http/app.py",
        "/static/..%2fhttp%2fapp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/page/main.js/",
        "/static/page/main.js%00.css",
        "/static/page/MAIN.JS",
        "/static/..%5chttp%5capp.py",
        "/static/./page/main.js%20",
        "/index.html",
    ],
)
def test_nothing_else_can_be_reached(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_is_no_part_of_the_api_document(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert not [path for path in paths if path in ("/", "/review") or path.startswith(("/static", "/favicon"))]
