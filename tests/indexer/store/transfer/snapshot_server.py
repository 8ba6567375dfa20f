"""The loopback server with Qdrant's snapshot endpoints: a snapshot is a file with the points and the metadata in it."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from qdrant_client import models

from tests.faults.loopback_qdrant import COLLECTION, Handler, LoopbackQdrant, loopback_qdrant, plain, route


class SnapshotHandler(Handler):
    """Adds what is not JSON: downloads and uploads."""

    def do_GET(self) -> None:  # noqa: N802 - the name http.server looks for
        parts = urlsplit(self.path).path.split("/")
        if parts[3:4] != ["snapshots"] or len(parts) != 5:
            return self.handle_any()
        self.server.requests.append(f"GET {self.path}")
        if self.server.api_key and self.headers.get("api-key") != self.server.api_key:
            return self.answer(401, {"status": {"error": "Must provide an API key"}})
        content = snapshots(self.server).get(unquote(parts[4]))
        if content is None:
            return self.answer(404, {"status": {"error": "Snapshot not found"}})
        return self.send(200, content, {"Content-Type": "application/octet-stream"})

    def do_POST(self) -> None:  # noqa: N802
        url = urlsplit(self.path)
        if not url.path.endswith("/snapshots/upload"):
            return self.handle_any()
        self.server.requests.append(f"POST {url.path}")
        content = self._uploaded(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert (wanted["wait"], wanted["priority"]) == ("true", "snapshot")
        if wanted["checksum"] != hashlib.sha256(content).hexdigest():
            return self.answer(400, {"status": {"error": "Wrong input: snapshot checksum mismatch"}})
        with self.server.lock:
            recover(self.server, url.path.split("/")[2], json.loads(content))
        return self.answer(200, {"result": True, "status": "ok", "time": 0.0})

    def _uploaded(self, body: bytes) -> bytes:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        [part] = email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts()
        assert part.get_param("name", header="content-disposition") == "snapshot"
        content: Any = part.get_payload(decode=True)
        return bytes(content)


def snapshots(server: LoopbackQdrant) -> dict[str, bytes]:
    """The snapshot files on the server, by name."""
    found: dict[str, bytes] = server.__dict__.setdefault("snapshots", {})
    return found


def recover(server: LoopbackQdrant, name: str, content: dict[str, Any]) -> None:
    made = models.CreateCollection.model_validate(content["created"])
    server.engine.create_collection(name, vectors_config=made.vectors, metadata=content["metadata"])
    server.created[name] = made
    server.indexes[name] = {
        field: models.PayloadIndexInfo.model_validate(index) for field, index in content["indexes"].items()
    }
    server.engine.upsert(name, [models.PointStruct.model_validate(point) for point in content["points"]])
    kept = server.engine._client.collections[name]  # type: ignore[attr-defined]
    for point in content["points"]:  # a server takes files as they are; this engine scaled the vectors once more
        kept.vectors["image"][kept.ids[point["id"]]] = point["vector"]["image"]


@route(f"POST {COLLECTION}/snapshots")
def take(server: LoopbackQdrant, body: bytes, name: str) -> Any:
    records, _ = server.engine.scroll(name, limit=100_000, with_vectors=["image"])
    content = json.dumps(
        {
            "created": plain(server.created[name]),
            "indexes": plain(server.indexes[name]),
            "metadata": server.engine.get_collection(name).config.metadata,
            "points": [{"id": r.id, "vector": r.vector, "payload": r.payload} for r in records],
        }
    ).encode()
    made = models.SnapshotDescription(
        name=f"{name}-{len(snapshots(server))}.snapshot",
        size=len(content),
        checksum=hashlib.sha256(content).hexdigest(),
    )
    snapshots(server)[made.name] = content
    return plain(made)


@route(f"DELETE {COLLECTION}/snapshots/([^/]+)")
def remove(server: LoopbackQdrant, body: bytes, name: str, snapshot: str) -> Any:
    return snapshots(server).pop(snapshot, None) is not None


@contextmanager
def snapshot_qdrant() -> Iterator[LoopbackQdrant]:
    with loopback_qdrant() as server:
        server.RequestHandlerClass = SnapshotHandler
        yield server
