"""The report and the check of one photo over HTTP say what Python says, with the real detector."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from searcher.http.app import create_app
from searcher.pages.writing import write_report
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.catalogs.planted import Planted
from tests.shops.copies import copied


@pytest.fixture(scope="module")
def shop(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, SearchService]]:
    root = tmp_path_factory.mktemp("http") / "index"
    copied(planted.index, root)
    service = SearchService(root)
    settings = ServeSettings(_env_file=None, index=root, rate_limit=0)
    with TestClient(create_app(settings, SearchService(root))) as client:
        yield client, service
    service.close()


def photo_of(planted: Planted, how: str) -> Path:
    return next(planted.catalog.rglob(f"{planted.copies[how][0]}.*"))


def test_the_check_of_a_new_photo(shop: tuple[TestClient, SearchService], planted: Planted) -> None:
    client, service = shop
    data = photo_of(planted, "resize").read_bytes()
    expected = service.check_duplicates(data).to_json()
    sent = client.post("/v1/duplicates", json={"image": base64.b64encode(data).decode()})
    uploaded = client.post("/v1/duplicates/photo", files={"image": ("new.jpg", data, "image/jpeg")})
    for answer in (sent, uploaded):
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert [(m["product_id"], m["tier"], m["probability"]) for m in found["matches"]] == [
            (m["product_id"], m["tier"], m["probability"]) for m in expected["matches"]
        ]
        assert found["duplicate"] is True
        assert found["generation"] == expected["generation"]


def test_the_report_in_pages(shop: tuple[TestClient, SearchService]) -> None:
    client, service = shop
    assert client.get("/v1/duplicates").status_code == 404
    report = service.duplicates()
    write_report(service.index, report)
    summary = report.summary()
    groups = []
    while True:
        page = client.get("/v1/duplicates", params={"offset": len(groups), "limit": 3}).json()
        assert page["summary"] == summary
        assert page["stale"] is False
        if not page["groups"]:
            break
        groups += page["groups"]
    assert [(group["id"], group["tier"]) for group in groups] == [
        (group.id, str(group.tier)) for group in report.groups
    ]
    edited = client.get("/v1/duplicates", params={"tier": "edited"}).json()
    assert edited["total"] == summary["groups_by_tier"]["edited"]
