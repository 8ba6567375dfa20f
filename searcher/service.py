"""SearchService: the library face of the search; every command and route is a few lines over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.errors import FingerprintMismatch, ImageError, UnknownProduct, UsageError
from indexer.generations import open_index
from indexer.stores.filter_tree import Filter, both, value_at
from indexer.stores.filter_tree import Match as MatchValue
from indexer.stores.interface import Index, Payload, Point, Store
from searcher import filters
from searcher.answers import Answer, Match, Query, QueryPhoto
from searcher.nearest import Nearest, nearest_products

if TYPE_CHECKING:
    from indexer.embedder import Embedder
    from searcher.query_image import PhotoSource

MAX_K = 10_000
SUGGEST_AMONG = 10_000
"""Product ids that are looked through for one that was mistyped."""

Where = str | Sequence[str] | Filter | None


class SearchService:
    """Questions to one index. It may be shared by threads; each answer comes from one generation.

    Args:
        index: directory of the index, or an index already opened.
        model: model directory for query photos; None takes the one the index was built with.
        catalog: where the original photos are; None takes the place they were in at the last sync.
    """

    def __init__(self, index: str | Path | Index, model: Path | None = None, catalog: Path | None = None) -> None:
        self._index = open_index(index) if isinstance(index, str | Path) else index
        self._model = model
        self._catalog = catalog
        self._store: Store | None = None
        self._embedder: Embedder | None = None
        self._lock = threading.Lock()

    def similar(
        self,
        product_id: str | None = None,
        image: PhotoSource | None = None,
        *,
        k: int = 10,
        where: Where = None,
        exact: bool = False,
    ) -> Answer:
        """The k products most alike to a product, or to a photo.

        By product, each of its photos asks, a product counts with its best pair of photos, and the product
        itself is no answer. Scores are cosines, best first; equal scores are ordered by product id.

        Args:
            product_id: a product of the index.
            image: a path, the bytes of an image file, or a Pillow image.
            k: how many products, 1 to 10,000; fewer come back when fewer pass the filter.
            where: filter texts (see `searcher.filters`), all of which must hold, or a filter tree.
            exact: compare with every photo instead of walking the graph.

        Raises:
            UsageError: neither or both of product and photo are given, or k is out of bounds.
            FilterError: a filter that cannot be read or names a field there is not.
            UnknownProduct: the product is not in the index.
            ImageError: the photo cannot be used.
            ModelError: the model is missing or altered, or is not the one of the index (``FingerprintMismatch``).
            StoreError: there is no index, or it cannot be read.
        """
        started = time.perf_counter()
        if (product_id is None) == (image is None):
            raise UsageError("give either a product id or a photo to compare with")
        if not 1 <= k <= MAX_K:
            raise UsageError(f"k is {k}; ask for 1 to {MAX_K} products")
        store = self._published()
        tree, texts = _read_filters(where, store)
        if product_id is not None:
            asked = self._product_photos(store, product_id)
            photos = tuple(QueryPhoto(_photo_key(p.payload), self._thumbnail(p.payload)) for p in asked)
            payload = asked[0].payload
            vectors = np.stack([point.vector for point in asked if point.vector is not None])
            tree = both(tree, Filter(must_not=(MatchValue("product_id", (product_id,)),)))
        else:
            assert image is not None  # noqa: S101
            photo, vectors = self._embed(store, image)
            photos, payload = (photo,), {}
        found = nearest_products(store, vectors, k, tree, exact=exact)
        return Answer(
            query=Query(photos, k, product_id, payload, texts, exact),
            matches=self._matches(found),
            generation=store.generation,
            model=store.record.fingerprint,
            catalog_root=self._catalog_root(store),
            took_ms=1000 * (time.perf_counter() - started),
        )

    def close(self) -> None:
        """Let go of index and model; a later question opens them again."""
        with self._lock:
            self._store = self._embedder = None

    def _published(self) -> Store:
        """The published generation, opened anew only when it is another one.

        An older one is dropped, not closed: a question in another thread may still be reading it.
        """
        with self._lock:
            if self._store is None or self._store.generation != self._index.current():
                self._store = self._index.read()
            return self._store

    def _product_photos(self, store: Store, product_id: str) -> list[Point]:
        """The product's points with vectors, in order of the photos' rank."""
        try:
            product_id.encode()
            own = Filter(must=(MatchValue("product_id", (product_id,)),))
            points = list(store.scroll(own, vectors=True))
        except UnicodeEncodeError:  # bytes of a command line that are no UTF-8: no index holds that
            points = []
        if points:
            return sorted(points, key=lambda point: (value_at(point.payload, "photo.rank") or 0, point.id))
        known = [str(value) for value, _ in store.facet("product_id", limit=SUGGEST_AMONG)]
        near = get_close_matches(product_id, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else "a sync adds what is new in the catalog"
        raise UnknownProduct(f"product {product_id!r} is not in the index at {self._index.location}; {hint}")

    def _embed(self, store: Store, image: PhotoSource) -> tuple[QueryPhoto, NDArray[np.float32]]:
        from searcher.query_image import load_query_photo

        photo, content = load_query_photo(image)
        embedder = self._embedder_for(store)
        try:
            return photo, embedder.embed([content])
        except ImageError as error:
            raise ImageError(f"{photo.name}: {error}") from error

    def _embedder_for(self, store: Store) -> Embedder:
        """The model whose vectors are in this generation, loaded once; refused before it is loaded if it is another."""
        from indexer.embedder import Embedder
        from indexer.model_file import load_model
        from indexer.settings import find_model

        wanted = store.record.fingerprint
        with self._lock:
            if self._embedder is None or self._embedder.model.fingerprint != wanted:
                model = load_model(find_model(self._model, store.record.model_path))
                if model.fingerprint != wanted:
                    raise FingerprintMismatch(
                        f"{model.path} is model {model.short}, but the index at {self._index.location} was built with "
                        f"model {wanted[:12]}; give that one with --model, or rebuild the index with: "
                        f"indexer sync CATALOG --model {model.path}"
                    )
                self._embedder = Embedder(model)
            return self._embedder

    def _matches(self, found: Sequence[Nearest]) -> tuple[Match, ...]:
        return tuple(
            Match(
                product_id=product.product_id,
                score=product.score,
                category=product.payload.get("category"),
                photo=_photo_key(product.payload),
                thumbnail=self._thumbnail(product.payload),
                payload=product.payload,
            )
            for product in found
        )

    def _thumbnail(self, payload: Payload) -> Path | None:
        from searcher.pictures import thumbnail_of

        return thumbnail_of(self._index.local, value_at(payload, "photo.sha256"))

    def _catalog_root(self, store: Store) -> Path:
        return self._catalog or Path(store.record.catalog_root)


def _photo_key(payload: Payload) -> str:
    return str(value_at(payload, "photo.path") or "")


def _read_filters(where: Where, store: Store) -> tuple[Filter | None, tuple[str, ...]]:
    """The filter tree and how it was asked for."""
    if where is None or isinstance(where, Filter):
        return where, () if where is None else (repr(where),)
    texts = (where,) if isinstance(where, str) else tuple(where)
    return filters.parse(texts, store.record.field_table), texts
