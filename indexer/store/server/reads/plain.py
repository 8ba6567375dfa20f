"""What is asked of a server as plain JSON: over REST as it stands, else by qdrant-client, from the same JSON.

Most of what a question costs beside the engine's work would otherwise go into models: qdrant-client makes one of every
hit and of every number of a vector, and to import them takes a command line longer than its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from indexer.errors import StoreError, StoreGone
from indexer.store.records import Hit, Point
from indexer.store.server.connection import Connection
from indexer.store.server.reads.mark import changed
from indexer.store.server.wire.cluster import collection_path
from indexer.store.server.wire.faults import is_missing

Look = Literal["aliases", "collections", "collection"]


def ask_server(connection: Connection, kind: Look, collection: str = "") -> Any:
    """What a server says of its aliases, of its collections, or of the collection of a name, as plain JSON.

    Raises:
        StoreError: it failed for good; `is_missing` tells of its cause whether the collection is not there.
    """
    if connection.plain:
        return connection.ask("GET", collection_path(collection) if kind == "collection" else f"/{kind}")
    from indexer.store.server.reads.client_answers import looked_up

    return connection.call(lambda name: looked_up(connection.client, kind, name), collection)


def ask_collection(connection: Connection, collection: str, what: str, body: Mapping[str, Any]) -> Any:
    """What a server answers to a question to a collection, as plain JSON.

    Args:
        connection: the wire.
        collection: the collection's own name.
        what: ``points/query/batch``, ``points/scroll``, ``points/count``, ``points`` or ``facet``.
        body: as Qdrant's REST interface takes it.

    Raises:
        StoreGone: the collection is not there any more. Whoever asks for the published generation next is told anew.
        StoreError: it failed for good.
    """
    try:
        if connection.plain:
            return connection.ask("POST", f"{collection_path(collection)}/{what}", body)
        from indexer.store.server.reads.client_answers import ANSWERS

        return connection.call(lambda name: ANSWERS[what](connection.client, name, body), collection)
    except StoreError as error:
        if not is_missing(error.__cause__):
            raise
        changed()
        raise StoreGone(
            f"{connection.where}: collection {collection} was removed while it was read; ask again"
        ) from error.__cause__


@contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """While an answer is read: one that is not a Qdrant server's is said as such."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"{connection.where}: the answer cannot be read; check that this is the address of a Qdrant server"
        ) from error


def to_point(found: Mapping[str, Any]) -> Point:
    """A point with the vectors that were asked for."""
    rows = (found.get("vector") or {}).items()
    return Point.of(
        str(found["id"]), found.get("payload") or {}, {name: np.asarray(row, np.float32) for name, row in rows}
    )


def to_counts(hits: Iterable[Mapping[str, Any]]) -> list[tuple[str | bool, int]]:
    """Values and their number of points, most frequent first; an index remembers values that no point has now."""
    counts = [(hit["value"], int(hit["count"])) for hit in hits if hit["count"]]
    return sorted(counts, key=lambda hit: (-hit[1], str(hit[0])))


def to_hits(found: Iterable[Mapping[str, Any]], *, points: bool) -> list[Hit]:
    """One question's answers, best first; with ``points``, each with its vectors."""
    return [
        Hit(str(one["id"]), float(one["score"]), one.get("payload") or {}, to_point(one) if points else None)
        for one in found
    ]
