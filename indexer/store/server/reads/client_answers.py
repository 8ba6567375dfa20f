"""The answers of `plain` by qdrant-client, where there is no REST interface to ask: its ``:memory:`` engine, gRPC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qdrant_client import QdrantClient, models

Body = Mapping[str, Any]


def _query(client: QdrantClient, collection: str, body: Body) -> Any:
    searches = models.QueryRequestBatch.model_validate(body).searches
    return [{"points": _plain(found.points)} for found in client.query_batch_points(collection, searches)]


def _scroll(client: QdrantClient, collection: str, body: Body) -> Any:
    asked = models.ScrollRequest.model_validate(body)
    points, offset = client.scroll(
        collection,
        asked.filter,
        limit=asked.limit or 10,
        offset=asked.offset,
        with_payload=_selected(asked.with_payload),
        with_vectors=asked.with_vector or False,
    )
    return {"points": _plain(points), "next_page_offset": offset}


def _retrieve(client: QdrantClient, collection: str, body: Body) -> Any:
    asked = models.PointRequest.model_validate(body)
    return _plain(client.retrieve(collection, asked.ids, _selected(asked.with_payload), asked.with_vector or False))


def _count(client: QdrantClient, collection: str, body: Body) -> Any:
    asked = models.CountRequest.model_validate(body)
    return {"count": client.count(collection, asked.filter, exact=asked.exact is not False).count}


def _facet(client: QdrantClient, collection: str, body: Body) -> Any:
    asked = models.FacetRequest.model_validate(body)
    found = client.facet(collection, asked.key, asked.filter, limit=asked.limit or 10, exact=bool(asked.exact))
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in found.hits]}


def _plain(points: Any) -> list[dict[str, Any]]:
    return [{"id": p.id, "score": getattr(p, "score", None), "payload": p.payload, "vector": p.vector} for p in points]


def _selected(wanted: Any) -> Any:
    return True if wanted is None else wanted


ANSWERS: dict[str, Callable[[QdrantClient, str, Body], Any]] = {
    "points/query/batch": _query,
    "points/scroll": _scroll,
    "points": _retrieve,
    "points/count": _count,
    "facet": _facet,
}
"""To a question to a collection, by the end of its path."""


def looked_up(client: QdrantClient, kind: str, collection: str) -> Any:
    """What is known of the aliases, of the collections, or of the collection of a name."""
    if kind == "collection":
        found: Any = client.get_collection(collection)
    else:
        found = client.get_aliases() if kind == "aliases" else client.get_collections()
    return found.model_dump(mode="json", exclude_none=True)
