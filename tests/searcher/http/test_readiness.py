"""/readyz: ready with index and model, and in a few safe words why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.index import ServerIndex
from indexer.system.files import copy_tree
from searcher.http.app import create_app
from searcher.http.readiness import Readiness, ReadinessCheck
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.faults.loopback_qdrant import Fault, loopback_qdrant
from tests.searcher.http.conversation import problem_of
from tests.shops.indexes.built_index import Built, Photographed, points, publish, record, unit_vectors
from tests.shops.indexes.spread_index import NODES, told
from tests.shops.models.tiny_model import write_tiny_model


def client_of(index: Path, model: Path | None = None) -> TestClient:
    settings = ServeSettings(_env_file=None, index=index, model=model)  # type: ignore[call-arg]
    return TestClient(create_app(settings))


def test_ready(photographed: Photographed) -> None:
    with client_of(photographed.root) as client:
        assert client.get("/livez").json() == {"status": "alive"}
        assert client.get("/readyz").json() == {"status": "ready", "generation": photographed.store.generation}


def test_two_services_of_one_process_answer_of_their_own(built: Built, photographed: Photographed) -> None:
    """They share what their routes take."""
    with client_of(built.root) as large, client_of(photographed.root) as small:
        assert large.get("/v1/products/P059").json()["product_id"] == "P059"
        problem_of(small.get("/v1/products/P059"), 404)
        assert small.get("/v1/products/P011").json()["product_id"] == "P011"


def test_no_index_yet(tmp_path: Path) -> None:
    with client_of(tmp_path / "index") as client:
        answer = client.get("/readyz")
        found = problem_of(answer, 503)
        assert (found.type, found.detail) == ("urn:jewelry:problem:not-ready", "no index is published yet")
        assert str(tmp_path) not in answer.text
        assert "retry-after" in answer.headers
        assert client.get("/livez").status_code == 200


def test_another_model(photographed: Photographed, tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "other", seed=7)
    with client_of(photographed.root, other) as client:
        found = problem_of(client.get("/readyz"), 503)
        assert found.detail == "the model is not the one the index was built with"


def test_an_altered_model(photographed: Photographed, tmp_path: Path) -> None:
    altered = shutil.copytree(photographed.model, tmp_path / "altered")
    with (altered / "model.onnx").open("ab") as handle:
        handle.write(b"x")
    with client_of(photographed.root, altered) as client:
        assert problem_of(client.get("/readyz"), 503).detail == "the model cannot be loaded"


def test_no_model(built: Built, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with client_of(built.root) as client:
        problem_of(client.get("/readyz"), 503)


def test_it_becomes_ready_when_an_index_is_published(
    photographed: Photographed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("searcher.http.readiness.FRESH_SECONDS", -1.0)
    index = EmbeddedIndex(tmp_path / "index")
    check = ReadinessCheck(SearchService(index, photographed.model))
    assert not check().ready
    payload = {"product_id": "P1", "photo": {"path": "P1/0.jpg", "rank": 0.0}}
    publish(index, points([payload], unit_vectors(1)), record(photographed.store.record.fingerprint))
    assert check().ready
    publish(index, points([payload], unit_vectors(1)), record("e" * 64))
    assert check().summary == "the model is not the one the index was built with"


def test_a_damaged_index_is_not_ready_and_every_question_says_so(photographed: Photographed, tmp_path: Path) -> None:
    root = tmp_path / "index"
    copy_tree(photographed.root, root)
    sorted(root.rglob("vectors/status.dat"))[0].unlink()
    with client_of(root, photographed.model) as client:
        found = problem_of(client.get("/readyz"), 503)
        assert found.detail == "the published index is damaged; a sync repairs it"
        for path in ("/v1/products/P001", "/v1/facets", "/v1/similar?product_id=P001"):
            assert problem_of(client.get(path), 503).type == "urn:jewelry:problem:index-unavailable"


def test_being_ready_means_that_a_vector_was_read(photographed: Photographed, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index may be open and answer nothing: its files may have gone bad under it."""
    service = SearchService(photographed.index, photographed.model)
    check = ReadinessCheck(service)
    monkeypatch.setattr("searcher.http.readiness.FRESH_SECONDS", -1.0)
    assert check().ready
    service.published().store.close()
    assert (check().ready, check().summary) == (False, "the index or the model cannot be used")


def test_it_is_asked_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SearchService(tmp_path / "index")
    asked: list[int] = []
    monkeypatch.setattr(service, "published", lambda: asked.append(1) or service.index.read())
    check = ReadinessCheck(service)
    monkeypatch.setattr("searcher.http.readiness.FRESH_SECONDS", 3600.0)
    assert [check().ready for _ in range(5)] == [False] * 5
    assert len(asked) == 1


@pytest.mark.filterwarnings("ignore:Local mode performs exact .brute-force. search:UserWarning")
def test_a_cluster_is_ready_while_every_shard_has_a_live_copy(
    photographed: Photographed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("searcher.http.readiness.FRESH_SECONDS", -1.0)
    payload = {"product_id": "P1", "photo": {"path": "P1/0.jpg", "rank": 0.0}}
    with loopback_qdrant() as server:
        connection = connect(ServerAddress(server.url, attempts=1))
        index = ServerIndex(connection, "jewelry", tmp_path / "state")
        publish(index, points([payload], unit_vectors(1)), record(photographed.store.record.fingerprint))
        check = ReadinessCheck(SearchService(index, photographed.model))
        server.told = told({(0, 2): "Dead", (1, 2): "Dead"}, silent=[2])
        server.requests.clear()
        assert check() == Readiness(True, "ready", generation="1")
        assert [request for request in server.requests if "cluster" in request] == []

        server.told = told({(1, 2): "Dead", (1, 3): "Dead"}, silent=[2, 3])
        lost = b'{"status":{"error":"Service internal error: 0 of 0 read operations failed"},"time":0.0}'
        server.faults = [Fault("POST .*/query/batch", status=500, body=lost, times=100)]
        found = check()
        assert (found.ready, found.summary) == (False, "a part of the index is on no node that answers")
        assert f"no live copy of shard 1 (nodes {NODES[2]}, {NODES[3]})" in str(found.reason)
        given = {"qdrant_url": server.url, "qdrant_attempts": 1, "model": photographed.model}
        with TestClient(create_app(ServeSettings(_env_file=None, **given))) as client:  # type: ignore[arg-type]
            assert problem_of(client.get("/readyz"), 503).detail == found.summary
        server.faults = []
        assert check().ready
        connection.client.close()
