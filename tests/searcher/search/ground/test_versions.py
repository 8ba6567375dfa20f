"""Versions of one piece from a shop's catalog.csv: one answer in every form, and reports that know what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from indexer.catalog.reading import read_catalog
from searcher.cli.main import main
from searcher.http.app import create_app
from searcher.insights.gallery import nearest_photos, read_gallery
from searcher.mcp.tools import TOOLS
from searcher.pages.contact_sheet import render
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.catalogs.small_catalog import write_manifest, write_photo
from tests.shops.indexes.built_index import Photographed
from tests.shops.indexes.variant_shop import make_variant_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    return make_variant_shop(tmp_path_factory.mktemp("variants"))


@pytest.fixture(scope="module")
def service(shop: Photographed) -> Iterator[SearchService]:
    made = SearchService(shop.index)
    yield made
    made.close()


def without_time(document: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs by form: the time it took, and addresses in place of paths."""
    matches = [{name: one for name, one in match.items() if name != "thumbnail"} for match in document["matches"]]
    return {**document, "took_ms": 0, "matches": matches}


def test_the_catalog_names_the_groups(service: SearchService) -> None:
    payload = service.product("RG3-1").payload
    assert payload["group_id"] == "RG3"
    assert "group_id" not in service.product("RG0-0").payload


def test_one_version_a_piece_in_every_form(shop: Photographed, service: SearchService) -> None:
    wanted: dict[str, Any] = {"k": 9, "where": ["metal=gold|silver"]}
    answer = service.similar("RG2-0", **wanted)
    pieces = [match.product_id.split("-")[0] for match in answer.matches]
    assert sorted(pieces) == ["COPY", "RG0", "RG1", "RG3", "RG4", "RG5"]
    assert {match.product_id: match.variants.count for match in answer.matches if match.variants} == {
        "RG1-1": 2,  # of equal ones the first that is in stock
        "RG3-1": 3,
        "RG4-1": 4,
        "RG5-1": 4,
    }
    said = without_time(answer.to_json())
    command = ["similar", "-p", "RG2-0", "-k", "9", "-w", "metal=gold|silver", "--json", "--index", str(shop.root)]
    printed = CliRunner().invoke(main, command)
    assert without_time(json.loads(printed.stdout)) == said
    settings = ServeSettings(_env_file=None, index=shop.root)
    with TestClient(create_app(settings, SearchService(shop.index))) as client:
        by_address = client.get("/v1/similar", params={"product_id": "RG2-0", **wanted}).json()
        by_body = client.post("/v1/similar", json={"product_id": "RG2-0", **wanted}).json()
        assert without_time(by_address) == without_time(by_body) == said
        every = client.get("/v1/similar", params={"product_id": "RG2-0", "per": "product", "k": 50}).json()
        assert len(every["matches"]) == 21
        assert every["query"]["per"] == "product"
        refused = client.get("/v1/similar", params={"product_id": "RG2-0", "per": "sku"})
        assert refused.status_code == 422
        assert client.get("/v1/products/RG5-1").json()["variants"]["count"] == 6
    tool = TOOLS["similar"]
    found = tool.ask(service, tool.arguments.model_validate({"product_id": "RG2-0", **wanted})).document
    assert [row["product_id"] for row in found["matches"]] == [match.product_id for match in answer.matches]
    assert found["matches"][0].get("variants") == said["matches"][0].get("variants")
    assert anyio.run(_product_tool, service) == {"group_id": "RG1", "count": 2, "product_ids": ["RG1-0", "RG1-1"]}


async def _product_tool(service: SearchService) -> Any:
    tool = TOOLS["product"]
    return tool.ask(service, tool.arguments.model_validate({"product_id": "RG1-0"})).document["variants"]


def test_of_equal_ones_the_first_in_stock_is_shown_and_a_boost_chooses_another(service: SearchService) -> None:
    plain = {match.product_id for match in service.similar("RG2-0", k=9).matches}
    assert {"RG1-1", "RG3-1", "RG4-1", "RG5-1"} <= plain
    by_words = {match.product_id for match in service.text("twisted band", k=9).matches}
    assert {"RG1-1", "RG2-1", "RG3-1", "RG4-1", "RG5-1"} <= by_words
    boosted = {match.product_id for match in service.similar("RG2-0", k=9, boosts=["price:0.1@100..200"]).matches}
    assert {"RG1-1", "RG3-3", "RG4-4", "RG5-5"} <= boosted


def test_people_are_told_of_the_others(shop: Photographed, service: SearchService) -> None:
    printed = CliRunner().invoke(main, ["similar", "-p", "RG2-0", "--explain", "--index", str(shop.root)]).stdout
    assert "also as" in printed
    assert "RG5-0, RG5-2, RG5-3 and 2 more" in printed
    assert "the best of 6 products of group RG5" in printed
    page = render(service.similar("RG2-0"))
    assert "also as RG5-0, RG5-2, RG5-3 and 2 more" in page
    product = CliRunner().invoke(main, ["product", "RG1-0", "--index", str(shop.root)]).stdout
    assert "also as: RG1-1" in product


def test_versions_that_share_photos_are_no_duplicates(service: SearchService) -> None:
    pytest.importorskip("cv2", reason="duplicates need opencv")
    report = service.duplicates()
    copies = [set(group.products) for group in report.groups if group.tier.is_copy]
    assert copies == [{"RG4-0", "COPY"}]
    for group in report.groups:
        assert len({product.split("-")[0] for product in group.products}) == len(group.products)
    for pair in report.loose_pairs:
        assert pair.first.product_id.split("-")[0] != pair.second.product_id.split("-")[0]


def test_a_new_photo_matches_a_piece_once(shop: Photographed, service: SearchService) -> None:
    pytest.importorskip("cv2", reason="duplicates need opencv")
    found = service.check_duplicates(shop.catalog / "photos" / "5-0.png")
    assert [match.photo.product_id for match in found.matches if match.tier.is_copy] == ["RG5-0"]
    assert found.is_duplicate


@pytest.mark.parametrize("all_with_all", [True, False])
def test_reports_take_no_version_for_a_neighbour_of_another(
    service: SearchService, all_with_all: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not all_with_all:
        monkeypatch.setattr("searcher.insights.gallery.EXACT_UP_TO", 0)
    store = service.published().store
    gallery = read_gallery(store)
    near = nearest_photos(store, gallery, 10)
    assert len(set(gallery.piece.tolist())) == 7
    for row, found in enumerate(near.rows):
        pieces = [int(gallery.piece[one]) for one in found if one >= 0]
        assert len(pieces) == len(set(pieces)) == 6
        assert int(gallery.piece[row]) not in pieces


def test_versions_of_one_piece_alone_are_no_cluster(service: SearchService) -> None:
    report = service.clusters()
    for cluster in (*report.clusters, *report.hidden):
        assert len({product.split("-")[0] for product in cluster.product_ids}) > 1


def test_a_bar_in_a_group_parts_nothing(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", seed=1)
    write_manifest(tmp_path, [{"product_id": "A", "image": "a.png", "item": "x|y", "group_id": "x|y"}])
    catalog = read_catalog(tmp_path)
    assert catalog.products[0].fields["group_id"] == "x|y"
    assert catalog.products[0].fields["item"] == ["x", "y"]
