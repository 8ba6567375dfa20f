"""A Qdrant REST server on loopback that misbehaves on request; behind it qdrant-client's ``:memory:`` engine.

Every body that arrives is read by qdrant-client's own models, which forbid unknown fields: a request they refuse
is answered with 422 and fails the test. Where a real server (1.18.1) was seen to answer otherwise than that engine, so
does this one: see `as_searched` and `facet`.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import TypeAdapter
from qdrant_client import QdrantClient, models

LONGEST_HANG = 5.0


@dataclass
class Fault:
    """What happens to the next ``times`` requests that match: a status, a cut answer, or silence."""

    request: str
    """A pattern for ``METHOD /path``."""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"status":{"error":"as the test wants it"},"time":0.0}'
    cut: bool = False
    reset: bool = False
    """The connection is reset after the request was read."""
    hang: float = 0.0
    applied: bool = False
    """The request is carried out, and only its answer is spoilt."""
    times: int = 1
    skip: int = 0
    """Matching requests that pass before the first fault."""

    def strikes(self, request: str) -> bool:
        if self.times == 0 or not re.fullmatch(self.request, request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class LoopbackQdrant(ThreadingHTTPServer):
    """The server; ``faults`` is what tests fill, ``requests`` what they look at."""

    daemon_threads = True

    def __init__(self, version: str = "1.20.0", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.version, self.api_key, self.tls = version, "", tls
        self.told: dict[str, tuple[int, Any]] = {}
        """Status and result by request, as of a server that is a cluster, in place of what is true here."""
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.refused: list[str] = []
        self.remote_shards: list[Any] = []
        self.engine = QdrantClient(":memory:")
        self.indexes: dict[str, dict[str, models.PayloadIndexInfo]] = {}
        self.created: dict[str, models.CreateCollection] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http{'' if self.tls is None else 's'}://127.0.0.1:{self.server_address[1]}"

    def beside(self, other: LoopbackQdrant) -> None:
        """Be another node of the same cluster: what one holds, the other has."""
        self.engine.close()
        self.engine, self.indexes, self.created, self.lock = other.engine, other.indexes, other.created, other.lock

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread, as a handshake takes its time."""
        if self.tls is None:
            super().finish_request(request, client_address)
        else:
            with self.tls.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)

    def points(self, collection: str) -> dict[str, dict[str, Any]]:
        """Payload by point id, read behind the server's back."""
        records, _ = self.engine.scroll(collection, limit=100_000)
        assert len({record.id for record in records}) == len(records)
        return {str(record.id): record.payload or {} for record in records}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the game."""


@contextmanager
def loopback_qdrant(version: str = "1.20.0", tls: ssl.SSLContext | None = None) -> Iterator[LoopbackQdrant]:
    server = LoopbackQdrant(version, tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
        server.engine.close()
    assert not server.refused, server.refused


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackQdrant

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = f"{self.command} {unquote(urlsplit(self.path).path)}"
        with self.server.lock:
            self.server.requests.append(request)
            fault = next((f for f in self.server.faults if f.strikes(request)), None)
        if fault is not None and not fault.applied:
            return self.misbehave(fault, {})
        if self.server.api_key and self.headers.get("api-key") != self.server.api_key:
            return self.answer(401, {"status": {"error": "Must provide an API key"}})
        with self.server.lock:
            status, document = self.carry_out(request, body)
        if fault is not None:
            return self.misbehave(fault, document)
        return self.answer(status, document)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the names http.server looks for

    def answer(self, status: int, document: Any) -> None:
        self.send(status, json.dumps(document).encode(), {})

    def send(self, status: int, content: bytes, headers: dict[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def misbehave(self, fault: Fault, document: Any) -> None:
        if fault.hang:
            self.server.stopping.wait(min(fault.hang, LONGEST_HANG))
            self.close_connection = True
        elif fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault.cut:
            content = json.dumps(document).encode()
            self.send(200, content[: len(content) // 2], {}, length=len(content) + 10)
            self.close_connection = True
        else:
            self.send(fault.status, fault.body, fault.headers)

    def carry_out(self, request: str, body: bytes) -> tuple[int, Any]:
        if request in self.server.told:
            status, result = self.server.told[request]
            return status, {"result": result} if status == 200 else {"status": {"error": "Forbidden"}}
        try:
            result = self.route(request, body)
        except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, Warning) as error:
            text = str(error)
            status = 404 if text.endswith("not found") else 409 if "already exists" in text else 422
            if status == 422:
                self.server.refused.append(f"{request}: {text}")
            return status, {"status": {"error": text}, "time": 0.0}
        if request == "GET /":
            return 200, result
        return 200, {"result": result, "status": "ok", "time": time.perf_counter() % 1}

    def route(self, request: str, body: bytes) -> Any:
        for pattern, function in ROUTES:
            if found := re.fullmatch(pattern, request):
                return function(self.server, body, *found.groups())
        raise ValueError(f"no such endpoint: {request}")


Route = Callable[..., Any]
ROUTES: list[tuple[str, Route]] = []
COLLECTION = r"/collections/([^/]+)"


def route(pattern: str) -> Callable[[Route], Route]:
    def remember(function: Route) -> Route:
        ROUTES.append((pattern, function))
        return function

    return remember


def plain(value: Any) -> Any:
    return TypeAdapter(Any).dump_python(value, mode="json", exclude_none=True)


@route("GET /")
def root(server: LoopbackQdrant, body: bytes) -> Any:
    return {"title": "qdrant - vector search engine", "version": server.version}


@route("GET /collections")
def names(server: LoopbackQdrant, body: bytes) -> Any:
    return plain(server.engine.get_collections())


@route("GET /aliases")
def aliases(server: LoopbackQdrant, body: bytes) -> Any:
    return plain(server.engine.get_aliases())


@route("GET /cluster")
def cluster(server: LoopbackQdrant, body: bytes) -> Any:
    return {"status": "disabled"}


@route(f"GET {COLLECTION}/cluster")
def held_here(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    only = {"shard_id": 0, "points_count": server.engine.count(name).count, "state": "Active"}
    return {
        "peer_id": 1,
        "shard_count": 1,
        "local_shards": [only],
        "remote_shards": server.remote_shards,
        "shard_transfers": [],
    }


@route("POST /collections/aliases")
def change_aliases(server: LoopbackQdrant, body: bytes) -> Any:
    actions = models.ChangeAliasesOperation.model_validate_json(body).actions
    return server.engine.update_collection_aliases(actions)


@route(f"GET {COLLECTION}")
def collection_info(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    info = server.engine.get_collection(name)
    info.payload_schema = server.indexes.get(name, {})
    made = server.created.get(name)
    if made is not None:
        info.config.quantization_config = made.quantization_config
        info.config.params.shard_number = made.shard_number or 1
        info.config.params.replication_factor = made.replication_factor or 1
        info.config.params.write_consistency_factor = made.write_consistency_factor or 1
        if made.strict_mode_config is not None:
            info.config.strict_mode_config = models.StrictModeConfigOutput(enabled=made.strict_mode_config.enabled)
    return plain(info)


@route(f"PUT {COLLECTION}")
def create(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    made = models.CreateCollection.model_validate_json(body)
    done = server.engine.create_collection(
        name,
        vectors_config=made.vectors,
        metadata=made.metadata,
        shard_number=made.shard_number or 1,
        write_consistency_factor=made.write_consistency_factor or 1,
    )
    server.created[name], server.indexes[name] = made, {}
    return done


@route(f"PATCH {COLLECTION}")
def update(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    wanted = models.UpdateCollection.model_validate_json(body)
    if wanted.quantization_config is not None:
        given = wanted.quantization_config
        server.created[name].quantization_config = None if isinstance(given, models.Disabled) else given
    return server.engine.update_collection(name, metadata=wanted.metadata)


@route(f"DELETE {COLLECTION}")
def delete(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    server.indexes.pop(name, None)
    return server.engine.delete_collection(name)


@route(f"PUT {COLLECTION}/index")
def create_index(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    wanted = models.CreateFieldIndex.model_validate_json(body)
    schema: Any = wanted.field_schema
    server.indexes[name][wanted.field_name] = models.PayloadIndexInfo(
        data_type=schema.type.value, params=schema, points=0
    )
    return done()


@route(f"DELETE {COLLECTION}/index/([^/]+)")
def delete_index(server: LoopbackQdrant, body: bytes, name: str, field_name: str) -> Any:
    server.indexes[name].pop(field_name, None)
    return done()


@route(f"PUT {COLLECTION}/points")
def upsert(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    return plain(server.engine.upsert(name, models.PointsList.model_validate_json(body).points))


@route(f"POST {COLLECTION}/points/batch")
def change_points(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    operations = models.UpdateOperations.model_validate_json(body).operations
    return plain(server.engine.batch_update_points(name, operations))


@route(f"POST {COLLECTION}/points/delete")
def delete_points(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    return plain(server.engine.delete(name, models.PointIdsList.model_validate_json(body)))


@route(f"POST {COLLECTION}/points")
def retrieve(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    wanted = models.PointRequest.model_validate_json(body)
    return plain(server.engine.retrieve(name, wanted.ids, wanted.with_payload, wanted.with_vector))


@route(f"POST {COLLECTION}/points/scroll")
def scroll(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    wanted = models.ScrollRequest.model_validate_json(body)
    points, offset = server.engine.scroll(
        name,
        as_searched(wanted.filter),
        limit=wanted.limit,
        offset=wanted.offset,
        with_payload=wanted.with_payload,
        with_vectors=wanted.with_vector,
    )
    return {"points": plain(points), "next_page_offset": plain(offset)}


@route(f"POST {COLLECTION}/points/count")
def count(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    return plain(server.engine.count(name, as_searched(models.CountRequest.model_validate_json(body).filter)))


@route(f"POST {COLLECTION}/points/query/batch")
def query(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    searches = models.QueryRequestBatch.model_validate_json(body).searches
    for search in searches:
        search.filter = as_searched(search.filter)
    return plain(server.engine.query_batch_points(name, searches))


@route(f"POST {COLLECTION}/facet")
def facet(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    """Each shard counts its own points and answers its own first values; what comes of that is what is answered."""
    wanted = models.FacetRequest.model_validate_json(body)
    made, limit = server.created.get(name), wanted.limit or 10
    counts: Counter[Any] = Counter()
    for ids in shards(server, name, (made and made.shard_number) or 1):
        where = as_searched(models.Filter(must=[models.HasIdCondition(has_id=ids), wanted.filter or models.Filter()]))
        counts.update({hit.value: hit.count for hit in server.engine.facet(name, wanted.key, where, limit).hits})
    first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return {"hits": [{"value": value, "count": count} for value, count in first]}


def shards(server: LoopbackQdrant, name: str, number: int) -> list[list[Any]]:
    """The ids of a collection's points, shared out."""
    records, _ = server.engine.scroll(name, limit=100_000, with_payload=False)
    return [[r.id for r in records if UUID(str(r.id)).int % number == shard] for shard in range(number)]


def as_searched(where: models.Filter | None) -> models.Filter | None:
    """What a server looks at: of the conditions that it finds points by, none, nor at their negations beside them."""
    if where is None:
        return None
    must, should, must_not = (
        [as_searched(c) if isinstance(c, models.Filter) else c for c in (part if isinstance(part, list) else [part])]
        for part in (where.must or [], where.should or [], where.must_not or [])
    )
    left = [condition for condition in must_not if condition not in [*must, *should]]
    return models.Filter(must=must or None, should=should or None, must_not=left or None)


def done() -> dict[str, Any]:
    return {"operation_id": 0, "status": "completed"}
