"""Snapshots of a collection on a Qdrant server: made there, downloaded, uploaded again.

See https://qdrant.tech/documentation/snapshots/.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexer.errors import StoreError, StoreMissing
from indexer.store.records import GenerationRecord
from indexer.store.server.collection import CollectionState, ensure_field_indexes, read_state, write_state
from indexer.store.server.index import ServerIndex
from indexer.store.transfer.compare import tally
from indexer.store.transfer.copy import TransferReport, check_target

FILE = "collection.snapshot"
CHUNK = 1 << 20


def download(index: ServerIndex, folder: Path) -> tuple[dict[str, Any], GenerationRecord]:
    """Make a snapshot of the published collection, download it into ``folder`` and remove it on the server.

    Returns:
        What a manifest says of it, and the collection's record.

    Raises:
        StoreMissing: nothing is published.
        StoreError: the engine has no snapshots, the collection is spread over several nodes, or the server fails.
        OSError: the disk refuses.
    """
    state = index.published_state()
    if state is None:
        raise StoreMissing(f"{index.location}: no index here yet; fill it with: indexer sync CATALOG")
    _check_can(index, state.collection)
    before = tally(index.open(state))
    connection, name = index.connection, state.collection
    made = connection.call(connection.client.create_snapshot, name, wait=True)
    if made is None:
        raise StoreError(f"{index.location}: the server made no snapshot; see its log")
    try:
        digest = connection.call(_fetch, index, name, made.name, folder / FILE)
    finally:
        with suppress(StoreError):  # it only takes room there
            connection.call(connection.client.delete_snapshot, name, made.name, wait=True)
    if made.checksum and made.checksum != digest:
        raise StoreError(f"{index.location}: the snapshot was damaged on the way; take it again")
    if _revision(index) != (name, state.revision) or tally(index.open(state)).checksum != before.checksum:
        raise StoreError(f"{index.location}: was written to meanwhile; take the snapshot again")
    content = {
        "engine": "server",
        "generation": state.name,
        "points": before.count,
        "checksum": before.checksum,
        "server_version": None if connection.version is None else ".".join(map(str, connection.version)),
    }
    return content, state.record


def recover(
    folder: Path, manifest: dict[str, Any], record: GenerationRecord, index: ServerIndex, *, overwrite: bool
) -> TransferReport:
    """Upload a snapshot as a new collection, compare it with the manifest, and point the alias to it.

    Raises:
        UsageError: the alias holds another catalog or model, unless ``overwrite``.
        StoreError: the server refuses it, or it holds other points than were put aside; readers see no change.
    """
    connection, name = index.connection, f"{index.name}-{index.next_number()}"
    with index.write():
        check_target(record, index, overwrite)
        _check_can(index, None)
        try:
            connection.call(_upload, index, name, folder / FILE, manifest["files"][FILE]["sha256"])
            state = CollectionState(name, record, complete=True, writer=index.signature())
            found = tally(index.open(state))
            if (found.count, found.checksum) != (manifest["points"], manifest["checksum"]):
                raise StoreError(f"{index.location}: other points came back than were put aside; nothing was published")
            write_state(connection, state)
            ensure_field_indexes(connection, name, record.field_table)
            read_state(connection, name)  # refuses a collection of another shape
            index.point_alias_to(name)
        except BaseException:
            with suppress(StoreError):
                index.drop(name)
            raise
    return TransferReport(
        str(folder),
        index.location,
        state.name,
        found.count,
        found.count,
        found.checksum,
        bit_for_bit=True,
        published=True,
    )


def _check_can(index: ServerIndex, collection: str | None) -> None:
    """Refuse where a snapshot cannot be had whole."""
    try:
        rest = index.connection.client.http
    except NotImplementedError as error:
        raise StoreError(
            f"{index.location}: this engine has no snapshots, only a Qdrant server has; use: indexer export FILE"
        ) from error
    if collection is None:
        return
    cluster = index.connection.call(rest.distributed_api.collection_cluster_info, collection_name=collection).result
    if cluster is not None and cluster.remote_shards:
        raise StoreError(
            f"{index.location}: lies on several nodes, and a snapshot holds one node's part; use: indexer export FILE"
        )


def _fetch(index: ServerIndex, collection: str, name: str, path: Path) -> str:
    """Download in pieces, as a snapshot may be larger than memory; returns the sha256."""
    api = index.connection.client.http.client
    url = f"{api.host.rstrip('/')}/collections/{quote(collection, safe='')}/snapshots/{quote(name, safe='')}"
    digest = hashlib.sha256()
    try:
        # The client's own connection, for its key, TLS and timeouts; its generated methods read a body as a whole.
        with api._client.stream("GET", url) as response, path.open("wb") as handle:
            if response.status_code != 200:
                response.read()
                raise UnexpectedResponse.for_response(response)
            for chunk in response.iter_bytes(CHUNK):
                digest.update(chunk)
                handle.write(chunk)
    except httpx.HTTPError as error:
        raise ResponseHandlingException(error) from error
    return digest.hexdigest()


def _upload(index: ServerIndex, collection: str, path: Path, digest: str) -> None:
    priority: Any = "snapshot"
    with path.open("rb") as handle:
        index.connection.client.http.snapshots_api.recover_from_uploaded_snapshot(
            collection, wait=True, priority=priority, checksum=digest, snapshot=handle
        )


def _revision(index: ServerIndex) -> tuple[str, int] | None:
    state = index.published_state()
    return None if state is None else (state.collection, state.revision)
