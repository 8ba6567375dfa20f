"""The gRPC option: the same faults, the same one line, and no point lost or doubled."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from click.testing import CliRunner

from indexer.errors import StoreError
from indexer.store.records import Point
from indexer.store.server.collection import METADATA_KEY, CollectionState, create_collection, read_state
from indexer.store.server.connection import Connection, ServerAddress, connect
from indexer.store.server.engine import ServerStore
from indexer.store.server.options import CollectionOptions, Quantization
from tests.faults.loopback_grpc import GrpcFault, LoopbackGrpc, loopback_grpc
from tests.shops.indexes.both_engines import points, record

Code = grpc.StatusCode


@pytest.fixture
def server() -> Iterator[LoopbackGrpc]:
    with loopback_grpc() as running:
        yield running


def reach(server: LoopbackGrpc, *, key: str | None = None, port: int | None = None) -> Connection:
    address = ServerAddress(
        "http://127.0.0.1:1", key, grpc=True, grpc_port=port or server.port, timeout=5, attempts=4, first_wait=0.001
    )
    return connect(address)


@pytest.fixture
def store(server: LoopbackGrpc, waits: list[float]) -> Iterator[ServerStore]:
    connection = reach(server)
    yield ServerStore(connection, "shop-1", record())
    connection.client.close()


def assert_exactly(server: LoopbackGrpc, wanted: list[Point]) -> None:
    assert set(server.points) == {point.id for point in wanted}
    for point in wanted:
        stored = server.points[point.id]
        vector = stored.vectors.vectors.vectors["image"]
        np.testing.assert_allclose(vector.dense.data or vector.data, point.vector, atol=1e-7)
        assert stored.payload["product_id"].string_value == point.payload["product_id"]


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("applied", [False, True])
def test_a_fault_that_passes_is_overcome(
    server: LoopbackGrpc, store: ServerStore, code: grpc.StatusCode, applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.store.server.engine.WRITE_BATCH", 10)
    server.faults = [GrpcFault(method, code, times=3, applied=applied) for method in ("Upsert", "Count", "Delete")]
    store.upsert(points(0, 25))
    assert store.count() == 25
    store.delete([point.id for point in points(0, 25)[20:]])
    assert_exactly(server, points(0, 25)[:20])
    assert server.calls.count("Upsert") == 3 + 3


def test_the_server_says_how_long_to_wait(server: LoopbackGrpc, store: ServerStore, waits: list[float]) -> None:
    server.faults = [GrpcFault("Upsert", Code.RESOURCE_EXHAUSTED, retry_after="7")]
    store.upsert(points(0, 5))
    assert waits == [7.0]
    assert_exactly(server, points(0, 5))


@pytest.mark.parametrize(
    ("code", "line", "calls"),
    [
        (Code.UNAVAILABLE, r"no connection after 4 attempts \(as the test wants it\); check the address", 4),
        (Code.RESOURCE_EXHAUSTED, "too many requests after 4 attempts; try later", 4),
        (Code.DEADLINE_EXCEEDED, "no answer in time after 4 attempts; raise JEWELRY_QDRANT_TIMEOUT", 4),
        (Code.UNAUTHENTICATED, "the API key was refused; set JEWELRY_QDRANT_API_KEY", 1),
        (Code.PERMISSION_DENIED, "the API key was refused; set JEWELRY_QDRANT_API_KEY", 1),
        (Code.INVALID_ARGUMENT, "as the test wants it", 1),
    ],
)
def test_a_fault_that_lasts_is_one_line(
    server: LoopbackGrpc, store: ServerStore, code: grpc.StatusCode, line: str, calls: int
) -> None:
    store.upsert(points(0, 5))
    server.faults = [GrpcFault("Upsert", code, times=1000)]
    with pytest.raises(StoreError, match=line) as caught:
        store.upsert(points(5, 5))
    assert "\n" not in str(caught.value)
    assert server.calls.count("Upsert") == 1 + calls
    assert_exactly(server, points(0, 5))


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (Code.UNAVAILABLE, "no connection after 2 attempts"),
        (Code.RESOURCE_EXHAUSTED, "too many requests after 2 attempts"),
        (Code.DEADLINE_EXCEEDED, "no answer in time after 2 attempts"),
        (Code.UNAUTHENTICATED, "the API key was refused"),
    ],
)
def test_the_command_line_ends_with_one_line_and_exit_code_1(
    server: LoopbackGrpc, waits: list[float], code: grpc.StatusCode, line: str
) -> None:
    from indexer.cli.main import main

    server.faults = [GrpcFault("any", code, times=1000)]
    environment = {
        "JEWELRY_QDRANT_URL": "http://127.0.0.1:1",
        "JEWELRY_QDRANT_GRPC": "true",
        "JEWELRY_QDRANT_GRPC_PORT": str(server.port),
        "JEWELRY_QDRANT_ATTEMPTS": "2",
    }
    result = CliRunner().invoke(main, ["status"], env=environment)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert re.search(line, result.stderr)


def test_a_refused_connection_an_old_version_and_a_wrong_key(server: LoopbackGrpc, waits: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(StoreError, match="no connection after 4 attempts"):
            reach(server, port=taken.getsockname()[1])
    server.version = "1.17.1"
    with pytest.raises(StoreError, match=r"is Qdrant 1\.17; this needs 1\.18 or newer"):
        reach(server)
    server.version, server.api_key = "1.18.0", "s3cret"
    with pytest.raises(StoreError, match="the API key was refused"):
        reach(server, key="wr0ng")
    connection = reach(server, key="s3cret")
    assert connection.version == (1, 18)
    connection.client.close()


def test_a_collection_and_its_record_travel_whole(server: LoopbackGrpc, waits: list[float]) -> None:
    connection = reach(server)
    state = CollectionState("shop-1", record(), complete=False, writer="somebody")
    options = CollectionOptions(Quantization.TURBO, shards=3, replicas=2, write_consistency=2)
    create_collection(connection, state, options)
    made = server.collections["shop-1"]
    assert (made.shard_number, made.replication_factor, made.write_consistency_factor) == (3, 2, 2)
    assert made.strict_mode_config.enabled
    assert not made.strict_mode_config.unindexed_filtering_retrieve
    assert made.quantization_config.WhichOneof("quantization") == "turboquant"
    assert METADATA_KEY in made.metadata
    assert read_state(connection, "shop-1") == state
    connection.client.close()
