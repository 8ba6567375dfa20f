"""From what somebody asks with to query vectors: products from the index, photos through the index's own model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.errors import FingerprintMismatch, ImageError
from indexer.models.directory import load_model
from indexer.photos.colour.palette import colours_of
from indexer.store.records import VECTOR_NAME
from indexer.system.forks import Lock, in_child
from indexer.system.machine import cores
from searcher.questions.example import Asked, Example, unit_vector
from searcher.questions.photo import PhotoSource, QueryPhoto, query_photo
from searcher.search.ground.colours import BOTH
from searcher.search.ground.published import Published, photo_key
from searcher.search.ground.stages import stage

if TYPE_CHECKING:
    from indexer.models.embedder import Embedder, Prediction
    from searcher.search.reading.micro_batches import MicroBatches


class ExampleReader:
    """Reads examples; the model is loaded when the first photo comes, once. It may be shared by threads.

    Args:
        model: model directory; None takes the one the index was built with.
        allow_private: fetch photos from addresses that are not public too.
        at_once: photos embedded side by side; 0 means one per core.
        most_pixels: pixels of a photo that are decoded, once a JPEG was read smaller; None: as for the catalog.
        fetch: gives the bytes behind a URL or raises ``FetchError``; None makes a `Fetcher` when the first URL comes.
    """

    _batches: MicroBatches | None

    def __init__(
        self,
        model: Path | None,
        *,
        allow_private: bool = False,
        at_once: int = 0,
        most_pixels: int | None = None,
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        self._model = model
        self._allow_private = allow_private
        self._fetch = fetch
        self.most_pixels = most_pixels
        self._at_once = at_once or cores()
        self._lock = Lock()
        self._forget()
        in_child(self._forget)

    def look_up(self, published: Published, example: Example, *, colours: bool = False) -> Asked | None:
        """The query vectors of a product or of a vector; None for a photo, which is to be embedded.

        With ``colours``, which a vector has not, those of its photos too.

        Raises:
            UnknownProduct: the product is not in the index.
            UsageError: the vector cannot be one of the index's.
        """
        if example.product_id is not None:
            with stage("product"):
                points = published.product(example.product_id, vectors=BOTH if colours else VECTOR_NAME)
                photos = (QueryPhoto(photo_key(one.payload), published.thumbnail(one.payload)) for one in points)
                rows = np.stack([point.vector for point in points if point.vector is not None])
                seen = [point.colour_vector for point in points if point.colour_vector is not None]
                return Asked(example, tuple(photos), rows, points[0].payload, np.stack(seen) if colours else None)
        if example.vector is not None:
            rows = unit_vector(example.vector, published.store.record.dimension)
            return Asked(example, (QueryPhoto("vector"),), rows)
        return None

    def embed(self, published: Published, example: Example, *, colours: bool = False) -> Asked:
        """The query vector of a photo, comparable with those of the generation; with ``colours``, its colours too.

        Raises:
            ImageError: the photo cannot be used or fetched.
            ModelError: the model is missing or altered, or is not the one of the index (``FingerprintMismatch``).
        """
        batches = self._batches_for(published)  # before the photo: a model that cannot be used needs none
        photo, pixels = self._prepared(batches, example)
        with stage("embed"):
            vectors = batches.run(pixels).embeddings
        return Asked(example, (photo,), vectors, colours=colours_of(pixels)[None] if colours else None)

    def predict(self, published: Published, example: Example) -> tuple[QueryPhoto, Prediction]:
        """A photo, and what the network says about it; raises as `embed` does."""
        batches = self._batches_for(published)
        photo, pixels = self._prepared(batches, example)
        with stage("embed"):
            return photo, batches.run(pixels)

    def _prepared(self, batches: MicroBatches, example: Example) -> tuple[QueryPhoto, NDArray[np.uint8]]:
        """A photo, and its pixels as the network takes them; raises ``ImageError``."""
        source, name = self._source(example)
        with query_photo(source, example.crop, most=self.most_pixels) as (photo, content):
            photo = replace(photo, name=name or photo.name)
            try:
                with stage("decode"):
                    return photo, batches.embedder.prepare(content, most=self.most_pixels)
            except ImageError as error:
                raise ImageError(f"{photo.name}: {error}") from error

    def embedder(self, published: Published) -> Embedder:
        """The model whose vectors are in this generation; raises ``ModelError``."""
        return self._batches_for(published).embedder

    def _batches_for(self, published: Published) -> MicroBatches:
        """The model whose vectors are in this generation, loaded once; refused before it is loaded if it is another."""
        from indexer.models.embedder import Embedder
        from indexer.settings import find_model
        from searcher.search.reading.micro_batches import MicroBatches

        record = published.store.record
        with self._lock:
            if self._batches is None or self._batches.embedder.model.fingerprint != record.fingerprint:
                model = load_model(find_model(self._model, record.model_path))
                if model.fingerprint != record.fingerprint:
                    raise FingerprintMismatch(
                        f"{model.path} is model {model.short}, but the index at {published.location} was built with "
                        f"model {record.fingerprint[:12]}; give that one with --model, or rebuild the index with: "
                        f"indexer sync CATALOG --model {model.path}"
                    )
                self._batches = MicroBatches(Embedder(model), self._at_once)
            return self._batches

    def close(self) -> None:
        """Let go of the model; a later photo loads it again."""
        with self._lock:
            self._batches = None

    def _forget(self) -> None:
        self._batches = None

    def _source(self, example: Example) -> tuple[PhotoSource, str | None]:
        """The photo itself, and its name where it has another than its own."""
        if example.url is None:
            assert example.image is not None  # noqa: S101
            return example.image, None
        with stage("fetch"):
            return self._fetched(example.url), example.url

    def _fetched(self, url: str) -> bytes:
        with self._lock:
            if self._fetch is None:
                from indexer.photos.fetch.fetcher import Fetcher

                self._fetch = Fetcher(allow_private=self._allow_private).fetch
            fetch = self._fetch
        return fetch(url)
