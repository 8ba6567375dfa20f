"""An index that was removed and filled again is noticed, whatever its number; one that is gone is said to be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from indexer.errors import StoreError, StoreMissing
from indexer.fields.types import FieldType
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.interface import Index
from indexer.store.server.index import ServerIndex
from searcher.http.app import create_app
from searcher.pages.report_store import is_stale
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import problem_of
from tests.shops.copies import copied
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index, points, record
from tests.shops.indexes.built_index import Photographed

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    return make_index(request.param, tmp_path)


def remove(index: Index) -> None:
    """As somebody does who wants to begin anew."""
    if isinstance(index, ServerIndex):
        client = index.connection.client
        for collection in client.get_collections().collections:
            client.delete_collection(collection.name)
    else:
        shutil.rmtree(index.local)


def prices(service: SearchService) -> list[float]:
    return [match.payload["price"] for match in service.similar("P3", k=3).matches]


def test_an_index_made_anew_under_the_same_number_is_answered_from(index: Index) -> None:
    build(index, points(0, 5))
    service = SearchService(index)
    assert set(prices(service)) < {0.0, 1.0, 2.0, 3.0, 4.0}
    assert service.published() is service.published()
    old = service.published()
    remove(index)
    changed = [point.payload | {"price": 100.0 + i, "colour": "red"} for i, point in enumerate(points(0, 5))]
    table = {"price": FieldType.NUMBER, "colour": FieldType.KEYWORD}
    made = [type(p)(p.id, payload, p.vector) for p, payload in zip(points(0, 5), changed, strict=True)]
    assert build(index, made, record(table=table)) == old.generation == "1"
    assert min(prices(service)) >= 100.0
    assert service.similar("P3", k=3, where="colour=red").matches  # its fields are those of the new one too
    assert service.published() is not old


def test_an_index_that_was_removed_answers_no_longer(index: Index) -> None:
    build(index, points(0, 5))
    service = SearchService(index)
    prices(service)
    remove(index)
    with pytest.raises(StoreMissing, match="no index here yet; fill it with: indexer sync CATALOG"):
        prices(service)
    build(index, points(0, 4))
    assert len(prices(service)) == 3


def test_an_embedded_index_that_lost_its_generations_answers_no_longer(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    build(index, points(0, 5))
    service = SearchService(index)
    prices(service)
    shutil.rmtree(index.root / "generations")
    with pytest.raises(StoreError, match="indexer sync"):
        prices(service)


def test_one_that_was_put_in_its_place_is_noticed(tmp_path: Path) -> None:
    """A backup that is moved back, a copy of another machine: CURRENT says 1 and is as old as it was."""
    index, other = EmbeddedIndex(tmp_path / "index"), EmbeddedIndex(tmp_path / "other")
    build(index, points(0, 5))
    build(other, points(0, 3))
    service = SearchService(index)
    assert service.published().store.count() == 5
    shutil.rmtree(index.root)
    copied(other.root, index.root)
    assert service.published().store.count() == 3


def test_http_says_what_is_the_matter_until_it_is_filled_again(photographed: Photographed, tmp_path: Path) -> None:
    root = copied(photographed.root, tmp_path / "index")
    settings = ServeSettings(_env_file=None, index=root)  # type: ignore[call-arg]
    with TestClient(create_app(settings)) as client:
        assert client.get("/v1/products/P001").status_code == 200
        shutil.rmtree(root)
        assert problem_of(client.get("/v1/products/P001"), 503).type == "urn:jewelry:problem:index-unavailable"
        copied(photographed.root, root)
        assert client.get("/v1/products/P001").status_code == 200


def test_a_report_about_an_index_of_old_is_outdated_though_the_number_is_the_same() -> None:
    assert not is_stale("1", "2026-11-02T00:00:00Z", "1", since="2026-11-01T00:00:00Z")
    assert is_stale("1", "2026-11-02T00:00:00Z", "1", since="2026-11-03T00:00:00Z")
    assert is_stale("1", "2026-11-02T00:00:00Z", "2", since="2026-11-01T00:00:00Z")
    assert is_stale("1", "2026-11-02T00:00:00Z", None, since="")
