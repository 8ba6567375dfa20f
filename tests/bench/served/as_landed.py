"""A question over a server as it went before the lean path: qdrant-client and its models, the mark within each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from indexer.store.filters.tree import Filter
from indexer.store.reading import selector, to_hits, to_point
from indexer.store.records import Hit, Point, VectorName, Vectors, names_of
from indexer.store.server.collection import CollectionState
from indexer.store.server.engine import ServerStore
from indexer.store.server.filters import compile_filter
from indexer.store.server.index import ServerIndex
from indexer.store.tuning import READ_BATCH


class LandedStore(ServerStore):
    """The two requests that most questions are made of."""

    def search(
        self,
        vectors: NDArray[np.float32],
        *,
        limit: int,
        where: Filter | None = None,
        exact: bool = False,  # noqa: ARG002
        fields: Sequence[str] | None = None,
        using: VectorName = "image",
        vectors_too: Vectors = False,
    ) -> list[list[Hit]]:
        params = models.SearchParams(
            hnsw_ef=max(128, limit),
            quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0),
        )
        requests = [
            models.QueryRequest(
                query=row.tolist(),
                using=using,
                filter=landed_filter(where),
                limit=limit,
                params=params,
                with_payload=selector(fields),
                with_vector=names_of(self.record, vectors_too),
            )
            for row in vectors
        ]
        answers = self._call(self._client.query_batch_points, self.collection, requests)
        return [to_hits(answer.points, points=bool(vectors_too)) for answer in answers]

    def scroll(
        self, where: Filter | None = None, *, fields: Sequence[str] | None = None, vectors: Vectors = False
    ) -> Iterator[Point]:
        records, _ = self._call(
            self._client.scroll,
            self.collection,
            scroll_filter=landed_filter(where),
            limit=READ_BATCH,
            with_payload=selector(fields),
            with_vectors=names_of(self.record, vectors),
        )
        return (to_point(record) for record in records)


class LandedIndex(ServerIndex):
    """The mark is asked for by every question: the aliases, and what the collection says of itself."""

    def mark(self) -> str | None:
        connection, client = self.connection, self.connection.client
        aliases = connection.call(client.get_aliases).aliases
        target = next(alias.collection_name for alias in aliases if alias.alias_name == self.layout.name)
        info = connection.call(client.get_collection, target)
        metadata: dict[str, Any] = (info.config.metadata or {})["jewelry_similarity"]
        return f"{target} {metadata['revision']} {metadata['created_at']} {metadata['build']}"

    def open(self, state: CollectionState) -> ServerStore:
        return LandedStore(self.connection, state.collection, state.record, state.name)


def landed_filter(where: Filter | None) -> models.Filter | None:
    """The same filter as qdrant-client's models, made for each request."""
    return None if where is None else models.Filter.model_validate(compile_filter(where))
