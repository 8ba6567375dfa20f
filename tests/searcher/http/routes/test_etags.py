"""What a client has already is not sent again: every answer with an ETag honours If-None-Match, GET and HEAD alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from email.utils import formatdate
from itertools import product

import pytest
from starlette.testclient import TestClient

from indexer.photos.thumbnails import ThumbnailStore
from searcher.http.access.keys import KeyFile
from searcher.http.routes.page import web_files
from tests.searcher.http.conversation import MakeApp, answered, app_over, bearer
from tests.shops.indexes.built_index import Photographed
from tests.shops.reports.reported_index import copy_with_reports


@pytest.fixture(scope="module")
def copy(photographed: Photographed, tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    return copy_with_reports(photographed, tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def served(copy: Photographed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client with a key of scope admin."""
    keys = KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    token = keys.add("boss", "admin", 0)[1]
    with TestClient(app_over(copy, keys=keys.path), headers=bearer(token)) as client:
        yield client


@pytest.fixture(scope="module")
def addresses(served: TestClient) -> dict[str, str]:
    members = served.get("/v1/duplicates", params={"limit": 1}).json()["groups"][0]["members"]
    return answered(*(member["sha256"] for member in members[:2]))


def test_whatever_announces_an_etag_honours_it(served: TestClient, addresses: dict[str, str]) -> None:
    announcing = set()
    for route, path in addresses.items():
        first = served.get(path)
        if (etag := first.headers.get("etag")) is None:
            assert "last-modified" not in first.headers
            continue
        announcing.add(route)
        known = [etag, f"W/{etag}", "*", f'"other", {etag}', f'W/"a,b" ,\t{etag} , "c"', f", {etag},,"]
        for method, tags in product(("GET", "HEAD"), known):
            again = served.request(method, path, headers={"if-none-match": tags})
            assert (again.status_code, again.content) == (304, b""), (path, tags)
            kept = {name: first.headers[name] for name in ("etag", "cache-control")}
            assert {name: again.headers[name] for name in kept} == kept
            assert not {"content-length", "content-type", "content-disposition"} & set(again.headers)
            for name in ("content-security-policy", "cross-origin-resource-policy", "x-content-type-options"):
                assert again.headers[name] == first.headers[name]  # a cache takes them on
        for tags in ('"other"', etag.strip('"'), f'"other{etag}', etag.replace('"', "'"), "", '"*"', f'{etag}x, "y"'):
            again = served.get(path, headers={"if-none-match": tags})
            assert (again.status_code, again.content) == (200, first.content), (path, tags)
            assert again.headers["etag"] == etag
    expected = {"/", "/review", "/favicon.ico", "/static/{name:path}", "/v1/pictures/{sha256}"}
    assert announcing >= {*expected, "/v1/reports/{kind}/{name}"}


def test_many_headers_are_one_list(served: TestClient, addresses: dict[str, str]) -> None:
    path = addresses["/v1/pictures/{sha256}"]
    etag = served.get(path).headers["etag"]
    lines = [("if-none-match", '"a"'), ("if-none-match", f'W/"b", {etag}')]
    assert served.get(path, headers=lines).status_code == 304  # type: ignore[arg-type]  # pairs are taken
    assert served.get(path, headers=lines[:1]).status_code == 200  # type: ignore[arg-type]


def test_the_tag_wins_over_the_date(served: TestClient, addresses: dict[str, str]) -> None:
    path = addresses["/v1/pictures/{sha256}"]
    first = served.get(path)
    since = first.headers["last-modified"]
    assert served.get(path, headers={"if-modified-since": since}).status_code == 304
    assert served.get(path, headers={"if-modified-since": formatdate(0, usegmt=True)}).status_code == 200
    assert served.get(path, headers={"if-modified-since": since, "if-none-match": '"other"'}).status_code == 200
    old = {"if-modified-since": formatdate(0, usegmt=True), "if-none-match": first.headers["etag"]}
    assert served.get(path, headers=old).status_code == 304


def test_the_tag_comes_before_the_range(served: TestClient, addresses: dict[str, str]) -> None:
    path = addresses["/v1/pictures/{sha256}"]
    first = served.get(path)
    for wanted in ("bytes=0-9", "bytes=9999999-"):
        headers = {"range": wanted, "if-none-match": first.headers["etag"]}
        assert served.get(path, headers=headers).status_code == 304
    part = served.get(path, headers={"range": "bytes=0-9", "if-none-match": '"other"'})
    assert (part.status_code, part.content) == (206, first.content[:10])


def test_head_knows_no_range(served: TestClient, addresses: dict[str, str]) -> None:
    """It is defined for GET alone (RFC 9110, section 14.2)."""
    for route in ("/v1/pictures/{sha256}", "/v1/reports/{kind}/{name}"):
        path = addresses[route]
        whole = served.get(path)
        part = served.get(path, headers={"range": "bytes=5-8"})
        assert (part.status_code, part.content) == (206, whole.content[5:9])
        for wanted in ("bytes=5-8", "bytes=9999999-", "x"):
            head = served.head(path, headers={"range": wanted})
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == str(len(whole.content))


def test_another_picture_has_another_tag(served: TestClient, addresses: dict[str, str], copy: Photographed) -> None:
    path = served.get("/v1/products/P009").json()["photos"][0]["thumbnail"].partition("?")[0]
    etag = served.get(path).headers["etag"]
    file = ThumbnailStore(copy.root).find(path.rpartition("/")[2])
    assert file is not None
    file.chmod(0o644)
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content + b"\0")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    again = served.get(path, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (200, content + b"\0")
    assert again.headers["etag"] != etag


def test_what_is_refused_is_refused_with_a_tag_too(served: TestClient, addresses: dict[str, str]) -> None:
    path = addresses["/v1/pictures/{sha256}"]
    for tags in ("*", served.get(path).headers["etag"]):
        known = {"if-none-match": tags}
        assert served.get(path, headers={**known, **bearer("wrong")}).status_code == 401
        assert served.get(f"/v1/pictures/{'0' * 64}", headers=known).status_code == 404
        assert served.get("/v1/reports/model/none.html", headers=known).status_code == 404
        assert served.get("/static/none.js", headers=known).status_code == 404
        assert served.get("/v1/products/P001", headers=known).status_code == 200  # it announces none


def test_who_may_show_a_picture_may_show_it_again(served: TestClient, addresses: dict[str, str]) -> None:
    """A browser takes on the headers of a 304: without this one, the shop's page would lose the picture."""
    signed = served.get("/v1/products/P000").json()["photos"][0]["thumbnail"]
    stranger = TestClient(served.app)
    first = stranger.get(signed)
    again = stranger.get(signed, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cross-origin-resource-policy"]) == (304, "cross-origin")
    assert again.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert stranger.get(addresses["/v1/pictures/{sha256}"], headers={"if-none-match": "*"}).status_code == 401


def test_what_the_answer_depends_on_is_said_again(make_app: MakeApp) -> None:
    """``Vary`` of pages of other sites, which CORS adds."""
    origin = {"origin": "https://shop.example"}
    with TestClient(make_app(cors_origins=("https://shop.example",))) as client:
        path = client.get("/v1/products/P001").json()["photos"][0]["thumbnail"]
        first = client.get(path, headers=origin)
        again = client.get(path, headers={**origin, "if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    for name in ("vary", "access-control-allow-origin"):
        assert again.headers[name] == first.headers[name]


def test_every_file_of_the_page(client: TestClient) -> None:
    for name, file in web_files().items():
        assert client.get(f"/static/{name}", headers={"if-none-match": file.etag}).status_code == 304
