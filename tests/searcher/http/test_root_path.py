"""Behind a proxy that puts a path before all addresses: what answers name can be reached through it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.errors import UsageError
from searcher.client.client import Client
from searcher.http.app import create_app
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import Keyring, MakeApp, bearer, problem_of
from tests.shops.indexes.built_index import Photographed


@pytest.mark.parametrize(("asked", "by_server"), [("", False), ("/search", False), ("", True)])
def test_addresses_carry_the_path(make_app: MakeApp, asked: str, by_server: bool) -> None:
    """Whether the proxy takes it off again or not, and whether the service or its server was told of it."""
    app = make_app(root_path="" if by_server else "/search")
    with TestClient(app, root_path="/search" if by_server else "") as client:
        found = client.get(f"{asked}/v1/similar", params={"product_id": "P000", "k": 11}).json()
        thumbnails = [match["thumbnail"] for match in found["matches"] if match["thumbnail"]]
        assert thumbnails
        assert all(address.startswith("/search/v1/pictures/") for address in thumbnails)
        product = client.get(f"{asked}/v1/products/P000").json()
        assert product["photos"][0]["thumbnail"].startswith("/search/v1/pictures/")
        for address in (thumbnails[0], thumbnails[0].removeprefix("/search")):
            assert client.get(address).headers["content-type"] == "image/webp"
        assert client.get(f"{asked}/openapi.json").json()["servers"] == [{"url": "/search"}]
        assert client.get(f"{asked}/").status_code == 200
        problem_of(client.get(f"{asked}/searching/v1/similar"), 404)


def test_without_a_proxy_nothing_is_put_before(client: TestClient) -> None:
    assert "servers" not in client.get("/openapi.json").json()
    page = client.get("/v1/products/P000").json()
    assert page["photos"][0]["thumbnail"].startswith("/v1/pictures/")


@pytest.mark.parametrize("prefix", ["", "/search"])
def test_keys_are_asked_for_as_without_it(make_app: MakeApp, keyring: Keyring, prefix: str) -> None:
    with TestClient(make_app(root_path="/search", keys=keyring.file.path)) as client:
        for public in ("/livez", "/", "/openapi.json", "/static/page/main.js"):
            assert client.get(f"{prefix}{public}").status_code == 200
        problem_of(client.get(f"{prefix}/v1/products/P000"), 401)
        assert client.get(f"{prefix}/v1/products/P000", headers=bearer(keyring.read)).status_code == 200


@pytest.mark.parametrize("bad", ["search", "/", "/search/", "https://shop.example", "/a b", "/a//b", "/../x?y"])
def test_a_path_that_is_none_is_refused(photographed: Photographed, bad: str) -> None:
    with pytest.raises(UsageError, match="JEWELRY_ROOT_PATH"):
        ServeSettings.read(root_path=bad, index=photographed.root)


def test_the_reports_and_the_client(photographed: Photographed, make_app: MakeApp, monkeypatch: Any) -> None:
    """The client names pictures by their last part, so that its own base address decides."""
    app = create_app(
        ServeSettings(_env_file=None, index=photographed.root, root_path="/search"),  # type: ignore[call-arg]
        SearchService(photographed.index),
    )
    with TestClient(app) as server, Client("http://testserver/search") as client:
        monkeypatch.setattr(client._transport, "_client", server)
        found = client.similar("P000", k=11)
        address = next(match["thumbnail"] for match in found["matches"] if match["thumbnail"])
        assert address.startswith("/search/")
        assert client.picture(address)[:4] == b"RIFF"
        assert all(name.startswith("/search/v1/reports/") for name in client.reports()["reports"])
