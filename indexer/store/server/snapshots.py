"""Snapshots of a collection on a Qdrant server: made there, downloaded, uploaded again.

See https://qdrant.tech/documentation/snapshots/.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from indexer.errors import StoreError
from indexer.store.records import EngineFiles
from indexer.store.server.connection import Connection
from indexer.store.server.wire.cluster import collection_path

FILE = "collection.snapshot"


def check_whole(connection: Connection, where: str, collection: str | None = None) -> None:
    """Refuse where a snapshot, of ``collection`` if it is given, cannot be had whole.

    Raises:
        StoreError: the engine has no snapshots, or the collection is spread over several nodes.
    """
    if not connection.over_http:
        raise StoreError(f"{where}: this engine has no snapshots, only a Qdrant server has; use: indexer export FILE")
    if collection is None:
        return
    cluster = connection.ask("GET", f"{collection_path(collection)}/cluster")
    if cluster.get("remote_shards"):
        raise StoreError(
            f"{where}: lies on several nodes, and a snapshot holds one node's part; use: indexer export FILE"
        )


def download_snapshot(connection: Connection, where: str, collection: str, folder: Path) -> None:
    """Make a snapshot, download it into ``folder`` and remove it on the server; all of it on one node, where it lies.

    Raises:
        StoreError: the server fails, or the file was damaged on the way.
        OSError: the disk refuses.
    """
    with connection.staying():
        check_whole(connection, where, collection)  # another node may have been asked before
        _download(connection, where, collection, folder)


def upload_snapshot(connection: Connection, collection: str, files: EngineFiles) -> None:
    """Make a new collection of what `download_snapshot` wrote; raises ``StoreError`` when the server refuses.

    It is not sent to another address where the answer is lost: both would have a copy.
    """
    with connection.staying():
        connection.call(_send, connection, collection, files.path / FILE, files.sha256[FILE])


def _download(connection: Connection, where: str, collection: str, folder: Path) -> None:
    made = connection.call(connection.client.create_snapshot, collection, wait=True)
    if made is None:
        raise StoreError(f"{where}: the server made no snapshot; see its log")
    try:
        digest = connection.call(_fetch, connection, collection, made.name, folder / FILE)
    finally:
        with suppress(StoreError):  # it only takes room there
            connection.call(connection.client.delete_snapshot, collection, made.name, wait=True)
    if made.checksum and made.checksum != digest:
        raise StoreError(f"{where}: the snapshot was damaged on the way; take it again")


def _fetch(connection: Connection, collection: str, name: str, path: Path) -> str:
    """Download in pieces, as a snapshot may be larger than memory; returns the sha256."""
    digest = hashlib.sha256()
    with path.open("wb") as handle:
        for chunk in connection.download(f"{collection_path(collection)}/snapshots/{quote(name, safe='')}"):
            digest.update(chunk)
            handle.write(chunk)
    return digest.hexdigest()


def _send(connection: Connection, collection: str, path: Path, digest: str) -> None:
    priority: Any = "snapshot"
    with path.open("rb") as handle:
        connection.client.http.snapshots_api.recover_from_uploaded_snapshot(
            collection, wait=True, priority=priority, checksum=digest, snapshot=handle
        )
