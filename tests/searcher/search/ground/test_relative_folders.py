"""Folders given as relative paths are those of the moment when a service is made, wherever the process goes later."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer import load_model, open_index, read_catalog, sync_catalog
from indexer.errors import ModelError, UsageError
from searcher.service import SearchService
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.built_index import Built, Photographed, points, publish, record
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("given", [str, Path], ids=["text", "path"])
def test_an_index_given_by_a_relative_path(
    built: Built, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, given: Callable[[str], Any]
) -> None:
    monkeypatch.chdir(built.root.parent)
    service, index = SearchService(given(built.root.name)), open_index(given(built.root.name))
    wanted = service.similar("P003", k=3).matches
    late = SearchService(given(built.root.name))
    monkeypatch.chdir(elsewhere)
    assert late.similar("P003", k=3).matches == wanted
    assert service.similar("P003", k=3).matches == wanted, "and the one that has asked before"
    assert index.current() == "1"
    assert index.read().count() == len(built.payloads)
    assert not list(elsewhere.iterdir()), "nothing is written where the process went"


def test_model_and_catalog_given_by_relative_paths(
    photographed: Photographed, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photographed.root.parent)
    photo = (photographed.catalog / photographed.payloads[3]["photo"]["path"]).read_bytes()
    service = SearchService("index", model="model", catalog="catalog")
    monkeypatch.chdir(elsewhere)
    answer = service.similar(image=photo, k=2)
    assert answer.matches
    assert answer.catalog_root == photographed.catalog
    assert service.classify(photo, k=1).categories


def test_what_is_not_there_is_told_by_the_place_where_it_was_meant(
    built: Built, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built.root.parent)
    service = SearchService("index", model="no-such-model", text_model="no-such-text-model")
    monkeypatch.chdir(elsewhere)
    with pytest.raises(ModelError, match=str(built.root.parent / "no-such-model")):
        service.similar(image=b"x")
    monkeypatch.chdir(built.root.parent)
    with pytest.raises(UsageError, match=str(built.root.parent / "no-such-verifier.json")):
        service.duplicates(verifier="no-such-verifier.json")


def test_a_link_is_followed_to_where_it_leads_at_each_question(
    built: Built, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [payload for payload in built.payloads if payload["product_id"] in ("P003", "P004")]
    vectors = built.vectors[[payload["product_id"] in ("P003", "P004") for payload in built.payloads]]
    publish(open_index(tmp_path / "new"), points(few, vectors), record())
    (tmp_path / "current").symlink_to(built.root)
    monkeypatch.chdir(tmp_path)
    service = SearchService("current")
    monkeypatch.chdir(elsewhere)
    assert len(service.similar("P003", k=5).matches) == 5
    (tmp_path / "next").symlink_to(tmp_path / "new")
    (tmp_path / "next").replace(tmp_path / "current")
    assert [match.product_id for match in service.similar("P003", k=5).matches] == ["P004"]


def test_a_sync_from_relative_paths_and_what_is_read_before(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photo(tmp_path / "catalog" / "rings" / "R1.png", seed=1)
    write_photo(tmp_path / "catalog" / "rings" / "R2.png", seed=2)
    write_tiny_model(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    report = sync_catalog("catalog", "model", "index")
    assert (report.published, report.products) == (True, 2)
    catalog, model, service = read_catalog("catalog"), load_model("model"), SearchService("index")
    monkeypatch.chdir(elsewhere)
    assert all((catalog.root / image.path).is_file() for product in catalog.products for image in product.images)
    assert model.path == tmp_path / "model"
    photo = (tmp_path / "catalog" / "rings" / "R1.png").read_bytes()
    assert service.similar(image=photo, k=1).matches[0].product_id == "R1", "the recorded model is found too"


def test_in_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(UsageError, match="index is 'index', below a folder that is gone; give a path that begins with"):
        SearchService("index")
    SearchService(tmp_path / "index")
