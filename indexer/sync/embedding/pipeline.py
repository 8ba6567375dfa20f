"""Photos in, embedded photos out: read → decode → embed → thumbnail on every core, in bounded memory."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Reject
from indexer.errors import ImageError
from indexer.models.directory import ModelFile
from indexer.models.embedder import Embedder, classify
from indexer.photos.fingerprints import sha256
from indexer.photos.thumbnails import ThumbnailStore
from indexer.sync.embedding.journal import Journal
from indexer.sync.photo import EmbeddedPhoto, PhotoFacts, Wanted, examine
from indexer.system.machine import cores

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel

BATCH = 8
"""Photos a worker takes at a time."""

AHEAD = 3
"""Batches in flight per worker: enough to keep it busy, few enough that memory stays flat."""


@dataclass(slots=True)
class Outcome:
    """What became of one batch: embedded photos with what they were wanted for, and rejects."""

    photos: list[tuple[Wanted, EmbeddedPhoto]] = field(default_factory=list)
    rejects: list[tuple[Wanted, Reject]] = field(default_factory=list)
    fresh: list[EmbeddedPhoto] = field(default_factory=list)
    """Those the model was run for."""
    recovered: int = 0
    """How many were in the journal before this run."""
    twins: list[tuple[Wanted, str]] = field(default_factory=list)
    """Photos with the bytes of one that is on its way, with their hash: they come in the last outcome."""


class Pipeline:
    """A pool of worker threads that share one ONNX Runtime session; each inference runs on its caller's thread.

    Threads, not processes: decoding, resizing, hashing and inference all release the interpreter lock, so on
    two cores both take the same time (3.9 s against 4.1 s for 1,199 photos), and threads start at once, need no
    ``if __name__ == "__main__"`` in the caller's script and send no pixels through pipes.
    """

    def __init__(
        self,
        model: ModelFile,
        thumbnails: ThumbnailStore,
        journal: Journal,
        *,
        text_model: TextModel | None = None,
        workers: int = 0,
        pictures_anew: bool = False,
    ) -> None:
        self.workers = workers or cores()
        self.seconds: dict[str, float] = defaultdict(float)
        """Time spent per stage, summed over the workers."""
        self._model, self._thumbnails, self._journal = model, thumbnails, journal
        self._text_model, self._pictures_anew = text_model, pictures_anew
        self._embedder = Embedder(model)  # loaded here so that a broken network fails before any photo is read
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        """Hashes of the photos that a worker has taken on in this run."""
        self._bad: dict[str, str] = {}
        """By hash, why a photo cannot be used."""

    def run(self, wanted: Iterable[Wanted]) -> Iterator[Outcome]:
        """Embed photos, each content once; outcomes come in the order of the input, a bad photo is a reject.

        The caller appends what is ``fresh`` to the journal before it asks for the next outcome. Photos whose bytes are
        those of another come last, with what the journal then has.
        """
        twins: list[tuple[Wanted, str]] = []
        for outcome in self._first_of_each(wanted):
            twins += outcome.twins
            yield outcome
        for start in range(0, len(twins), BATCH):
            yield self._twins(twins[start : start + BATCH])

    def _twins(self, twins: Sequence[tuple[Wanted, str]]) -> Outcome:
        outcome = Outcome()
        for wanted, digest in twins:
            photo = self._journal.get(digest)
            if photo is None:
                reason = self._bad.get(digest, "cannot be used")
                outcome.rejects.append((wanted, Reject(wanted.image.key, reason, wanted.product_id)))
            else:
                outcome.photos.append((wanted, photo))
        return outcome

    def _first_of_each(self, wanted: Iterable[Wanted]) -> Iterator[Outcome]:
        source = iter(wanted)
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="embed")
        pending: deque[Future[Outcome]] = deque()
        try:
            while batch := list(islice(source, BATCH)):
                pending.append(pool.submit(self._process, batch))
                if len(pending) >= self.workers * AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _process(self, batch: Sequence[Wanted]) -> Outcome:
        outcome = Outcome()
        decoded: list[tuple[Wanted, PhotoFacts, NDArray[np.uint8], NDArray[np.float32] | None]] = []
        spent: dict[str, float] = defaultdict(float)
        for wanted in batch:
            digest = ""
            try:
                began = time.perf_counter()
                data = wanted.image.place.read()
                digest = sha256(data)
                spent["read"] += time.perf_counter() - began
                if not self._is_first(digest):
                    outcome.twins.append((wanted, digest))
                    continue
                known = self._journal.get(digest)
                if known is not None:
                    outcome.photos.append((wanted, known))
                    outcome.recovered += 1
                    continue
                began = time.perf_counter()
                image, facts = examine(data, digest, self._model.preprocessing)
                # Decoded once more: it may need more pixels, and the photo's hashes must not change with it.
                pixels = None if self._text_model is None else self._text_model.prepare(data)
                decoded.append((wanted, facts, self._model.preprocessing.apply(image), pixels))
                spent["decode"] += time.perf_counter() - began
                began = time.perf_counter()
                self._thumbnails.write(facts.sha256, image, anew=self._pictures_anew)
                spent["thumbnail"] += time.perf_counter() - began
            except ImageError as error:
                self._bad[digest] = str(error)
                outcome.rejects.append((wanted, Reject(wanted.image.key, str(error), wanted.product_id)))
        began = time.perf_counter()
        outcome.fresh = self._embed([pixels for _, _, pixels, _ in decoded], [facts for _, facts, _, _ in decoded])
        spent["embed"] += time.perf_counter() - began
        if self._text_model is not None:
            began = time.perf_counter()
            rows = self._text_model.embed_prepared([pixels for *_, pixels in decoded if pixels is not None])
            outcome.fresh = [replace(p, text_embedding=row) for p, row in zip(outcome.fresh, rows, strict=True)]
            spent["embed for texts"] += time.perf_counter() - began
        outcome.photos += [(wanted, photo) for (wanted, *_), photo in zip(decoded, outcome.fresh, strict=True)]
        with self._lock:
            for stage, seconds in spent.items():
                self.seconds[stage] += seconds
        return outcome

    def _is_first(self, digest: str) -> bool:
        with self._lock:
            first = digest not in self._seen
            self._seen.add(digest)
        return first

    def _embed(self, pixels: list[NDArray[np.uint8]], facts: list[PhotoFacts]) -> list[EmbeddedPhoto]:
        if not pixels:
            return []
        embeddings, logits = self._embedder.run(np.stack(pixels))
        named: Sequence[tuple[str | None, float]] = classify(logits, self._model.categories)
        named = named or [(None, 0.0)] * len(facts)
        return [EmbeddedPhoto(f, e, *name) for f, e, name in zip(facts, embeddings, named, strict=True)]
