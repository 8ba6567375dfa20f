"""The part of Qdrant's gRPC interface that a store is filled and counted by, on loopback, with faults on request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from qdrant_client import grpc as proto


@dataclass
class GrpcFault:
    """A status for the next ``times`` calls of a method, before or after they are carried out."""

    method: str
    code: grpc.StatusCode
    times: int = 1
    applied: bool = False
    retry_after: str | None = None
    details: str = "as the test wants it"


class LoopbackGrpc:
    """Points in a dictionary, and what was asked of it; ``faults`` is what tests fill."""

    def __init__(self) -> None:
        self.points: dict[str, Any] = {}
        self.collections: dict[str, Any] = {}
        self.faults: list[GrpcFault] = []
        self.calls: list[str] = []
        self.version, self.api_key, self.port = "1.20.0", "", 0
        self.lock = threading.Lock()

    def serve(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        with self.lock:
            self.calls.append(method)
            fault = next((f for f in self.faults if f.times and f.method in ("any", method)), None)
            if fault is not None:
                fault.times -= 1
            elif self.api_key and ("api-key", self.api_key) not in [tuple(m) for m in context.invocation_metadata()]:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid API key")
            answer = None if fault is not None and not fault.applied else getattr(self, method)(request)
        if fault is not None:
            if fault.retry_after is not None:
                context.set_trailing_metadata((("retry-after", fault.retry_after),))
            context.abort(fault.code, fault.details)
        return answer

    def HealthCheck(self, request: Any) -> Any:  # noqa: N802, ARG002 - named as in Qdrant's interface, like those below
        return proto.HealthCheckReply(title="qdrant", version=self.version)

    def Create(self, request: Any) -> Any:  # noqa: N802
        self.collections[request.collection_name] = request
        return proto.CollectionOperationResponse(result=True)

    def Get(self, request: Any) -> Any:  # noqa: N802
        made = self.collections[request.collection_name]
        info = proto.CollectionInfo(
            status=proto.CollectionStatus.Green, optimizer_status=proto.OptimizerStatus(ok=True), segments_count=1
        )
        info.config.params.vectors_config.CopyFrom(made.vectors_config)
        info.config.params.shard_number = made.shard_number
        info.config.hnsw_config.CopyFrom(proto.HnswConfigDiff(m=16, ef_construct=200, full_scan_threshold=10_000))
        info.config.optimizer_config.CopyFrom(
            proto.OptimizersConfigDiff(
                deleted_threshold=0.2, vacuum_min_vector_number=1000, default_segment_number=0, flush_interval_sec=5
            )
        )
        info.config.wal_config.CopyFrom(proto.WalConfigDiff(wal_capacity_mb=32, wal_segments_ahead=0))
        for name, value in made.metadata.items():
            info.config.metadata[name].CopyFrom(value)
        return proto.GetCollectionInfoResponse(result=info)

    def CreateFieldIndex(self, request: Any) -> Any:  # noqa: N802, ARG002
        return self._done()

    def Upsert(self, request: Any) -> Any:  # noqa: N802
        self.points |= {point.id.uuid: point for point in request.points}
        return self._done()

    def Delete(self, request: Any) -> Any:  # noqa: N802
        for identifier in request.points.points.ids:
            self.points.pop(identifier.uuid, None)
        return self._done()

    def Count(self, request: Any) -> Any:  # noqa: N802, ARG002
        return proto.CountResponse(result=proto.CountResult(count=len(self.points)))

    def _done(self) -> Any:
        return proto.PointsOperationResponse(
            result=proto.UpdateResult(operation_id=1, status=proto.UpdateStatus.Completed)
        )


REQUESTS: dict[str, dict[str, Any]] = {
    "qdrant.Qdrant": {"HealthCheck": proto.HealthCheckRequest},
    "qdrant.Collections": {"Create": proto.CreateCollection, "Get": proto.GetCollectionInfoRequest},
    "qdrant.Points": {
        "Upsert": proto.UpsertPoints,
        "Delete": proto.DeletePoints,
        "Count": proto.CountPoints,
        "CreateFieldIndex": proto.CreateFieldIndexCollection,
    },
}


@contextmanager
def loopback_grpc(
    host: str = "127.0.0.1", port: int = 0, tls: tuple[bytes, bytes] | None = None
) -> Iterator[LoopbackGrpc]:
    """A running server; its ``port`` is free of choice, and with ``tls`` it has that key and that certificate."""
    state = LoopbackGrpc()

    def behaviour(method: str) -> Callable[[Any, grpc.ServicerContext], Any]:
        return lambda request, context: state.serve(method, request, context)

    server = grpc.server(ThreadPoolExecutor(2))
    for service, methods in REQUESTS.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                behaviour(name), request.FromString, lambda answer: answer.SerializeToString()
            )
            for name, request in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    if tls is None:
        state.port = server.add_insecure_port(f"{host}:{port}")
    else:
        state.port = server.add_secure_port(f"{host}:{port}", grpc.ssl_server_credentials([tls]))
    server.start()
    try:
        yield state
    finally:
        server.stop(grace=None).wait(timeout=10)
