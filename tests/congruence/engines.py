"""The engines under test behind one small face: make an empty store, open it again with other fields, drop it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from indexer.fields.types import FieldTable, FieldType
from indexer.photos.colour.palette import COLOURS
from indexer.store.embedded.engine import EdgeStore
from indexer.store.filters.tree import Condition
from indexer.store.records import GenerationRecord, TextModelRecord
from indexer.store.server.collection import CollectionState, create_collection, ensure_field_indexes
from indexer.store.server.connection import PREFIX_MATCH, Connection, ServerAddress, connect
from indexer.store.server.engine import ServerStore
from indexer.store.server.filters import has_prefix
from indexer.store.server.options import CollectionOptions
from indexer.system.files import copy_tree
from tests.faults.loopback_qdrant import loopback_qdrant

STAND_IN_WARNINGS = (
    "ignore:Payload indexes have no effect in the local Qdrant",
    r"ignore:Local mode performs exact \(brute-force\) search",
)
"""What qdrant-client's stand-in says of itself, and nothing else."""

IMAGE = "qdrant/qdrant:v1.20.0"
START_SECONDS = 60
DIMENSION = 128

AnyStore = EdgeStore | ServerStore

TEXT_DIMENSION = 48


def record_of(table: FieldTable, *, texts: bool = False, colours: bool = False) -> GenerationRecord:
    """A record with these fields, with ``texts`` and ``colours`` further vectors; nothing else in it matters here."""
    text_model = TextModelRecord("e" * 64, TEXT_DIMENSION, "/clip") if texts else None
    made = GenerationRecord(
        "f" * 64, DIMENSION, table, "/catalog", "/model", "2026-01-01T00:00:00Z", text_model=text_model
    )
    return replace(made, colours=COLOURS if colours else 0)


class Engine(Protocol):
    """One engine."""

    name: str
    prefixes: bool
    """Whether it can filter by prefix; a server before 1.19 cannot."""

    def new(self, table: FieldTable, *, texts: bool = False, colours: bool = False) -> AnyStore:
        """An empty store with these fields, with ``texts`` and ``colours`` further vectors."""

    def with_fields(self, store: Any, table: FieldTable) -> AnyStore:
        """The same points with other fields, indexed accordingly; the store given is used up."""

    def drop(self, store: Any) -> None:
        """Remove the store and all it holds."""

    def close(self) -> None:
        """Let go of whatever the engine itself holds."""


class Embedded:
    """Qdrant Edge in a folder. Making the indexes of a shard takes long, so an empty one is made once and copied."""

    name, prefixes = "embedded", True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[int, Path] = {}
        self._empty: dict[tuple[frozenset[tuple[str, FieldType]], bool, bool], Path] = {}

    def new(self, table: FieldTable, *, texts: bool = False, colours: bool = False) -> EdgeStore:
        key = frozenset(table.items()), texts, colours
        if key not in self._empty:
            empty = self._folder / f"empty-{len(self._empty)}"
            store = EdgeStore.create(empty, "1", record_of(table, texts=texts, colours=colours))
            store.flush()
            store.close()
            self._empty[key] = empty
        path = self._folder / str(uuid4())
        copy_tree(self._empty[key], path)
        return self._open(path, record_of(table, texts=texts, colours=colours))

    def with_fields(self, store: EdgeStore, table: FieldTable) -> EdgeStore:
        path = self._paths.pop(id(store))
        store.ensure_field_indexes(table)
        store.flush()
        store.close()
        return self._open(path, replace(store.record, field_table=table))

    def drop(self, store: EdgeStore) -> None:
        store.close()
        shutil.rmtree(self._paths.pop(id(store)))

    def close(self) -> None:
        pass

    def _open(self, path: Path, record: GenerationRecord) -> EdgeStore:
        store = EdgeStore.load(path, "1", record)
        self._paths[id(store)] = path
        return store


class Served:
    """The server engine, over a real server or over qdrant-client's stand-in for one."""

    def __init__(self, name: str, connection: Connection, options: CollectionOptions) -> None:
        self.name, self._connection, self._options = name, connection, options
        self.prefixes = connection.knows(PREFIX_MATCH)

    def new(self, table: FieldTable, *, texts: bool = False, colours: bool = False) -> ServerStore:
        collection = f"congruence-{uuid4().hex}-1"
        state = CollectionState(collection, record_of(table, texts=texts, colours=colours), complete=True)
        create_collection(self._connection, state, self._options)
        return ServerStore(self._connection, collection, state.record)

    def with_fields(self, store: ServerStore, table: FieldTable) -> ServerStore:
        ensure_field_indexes(self._connection, store.collection, table)
        return ServerStore(self._connection, store.collection, replace(store.record, field_table=table))

    def drop(self, store: ServerStore) -> None:
        self._connection.client.delete_collection(store.collection)

    def close(self) -> None:
        self._connection.close()


def memory() -> Served:
    """The server engine over ``QdrantClient(":memory:")``."""
    from qdrant_client import QdrantClient

    return Served("memory", Connection(QdrantClient(":memory:"), ":memory:"), CollectionOptions())


@contextlib.contextmanager
def wire() -> Iterator[Served]:
    """The server engine over HTTP, with the same stand-in behind a server on loopback: questions go as plain JSON."""
    with loopback_qdrant() as server:
        engine = Served("wire", connect(ServerAddress(server.url)), CollectionOptions())
        yield engine
        engine.close()
        server.refused.clear()  # each has failed its test, or was wanted there


@contextlib.contextmanager
def real_server() -> Iterator[Served]:
    """The server engine over the server at ``QDRANT_URL``, or over one that Docker starts.

    ``QDRANT_API_KEY``, ``QDRANT_GRPC=1`` (with ``QDRANT_GRPC_PORT``, where it is not 6334), ``QDRANT_SHARDS`` and,
    on a cluster, ``QDRANT_REPLICAS`` go with it.

    Raises:
        LookupError: there is no server here; says why.
    """
    with contextlib.ExitStack() as stack:
        url = os.environ.get("QDRANT_URL") or stack.enter_context(_container())
        shards, replicas = (int(os.environ.get(f"QDRANT_{name}") or "1") for name in ("SHARDS", "REPLICAS"))
        address = ServerAddress(
            url,
            api_key=os.environ.get("QDRANT_API_KEY"),
            grpc=os.environ.get("QDRANT_GRPC", "0") == "1",
            grpc_port=int(os.environ.get("QDRANT_GRPC_PORT") or "6334"),
        )
        options = CollectionOptions(shards=shards, replicas=replicas, write_consistency=replicas)
        engine = Served("server", connect(address), options)
        stack.callback(engine.close)
        yield engine


@contextlib.contextmanager
def _container() -> Iterator[str]:
    from docker.errors import DockerException  # type: ignore[import-untyped]
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(IMAGE).with_exposed_ports(6333)
    try:
        container.start()
    except DockerException as error:
        raise LookupError(f"no QDRANT_URL, and Docker cannot start {IMAGE}: {error}") from error
    try:
        url = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(6333)}"
        _wait_until_ready(f"{url}/readyz")
        yield url
    finally:
        container.stop()


def skip_where_unknown(engine: Engine, *conditions: Condition) -> None:
    """Skip a test that asks by prefix what an older server cannot answer."""
    if not engine.prefixes and any(map(has_prefix, conditions)):
        pytest.skip("filtering by prefix needs Qdrant 1.19; this server is older")


def why_no_server() -> str | None:
    """What is missing for a real server, found out without starting anything; None where there may be one."""
    if "QDRANT_URL" in os.environ or _docker_answers():
        return None
    return "no real server under test: QDRANT_URL is not set and no Docker daemon answers"


def _docker_answers() -> bool:
    # Docker's own client would leave sockets open where nothing listens.
    host = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    unix = host.scheme == "unix"
    with contextlib.closing(socket.socket(socket.AF_UNIX if unix else socket.AF_INET)) as probe:
        probe.settimeout(3)
        try:
            probe.connect(host.path if unix else (host.hostname, host.port))
        except OSError:
            return False
    return True


def _wait_until_ready(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
