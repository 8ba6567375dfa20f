"""Photos in, embedded photos out: read → decode → embed → thumbnail on every core, in bounded memory.

Who reads waits for disks and networks, and does so in threads of its own, ahead of the others (`readers`). Who decodes,
embeds and draws needs a core, so there is a thread for each; each takes one photo the whole way and notes it in the
journal. Who asks for what came out writes it into the store meanwhile. Between them are channels that hold no more than
was agreed, and an error anywhere ends all of them: what was embedded until then is in the journal.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Reject
from indexer.errors import ImageError
from indexer.models.directory import ModelFile
from indexer.models.embedder import Embedder, classify
from indexer.photos.colour.palette import colours_of
from indexer.photos.fingerprints import sha256
from indexer.photos.thumbnails import ThumbnailStore
from indexer.sync.embedding.channel import Channel
from indexer.sync.embedding.journal import Journal
from indexer.sync.embedding.readers import READ_AHEAD, Bytes, Readers
from indexer.sync.embedding.spent import Spent
from indexer.sync.photo import EmbeddedPhoto, PhotoFacts, Wanted, fingerprinted, opened_for
from indexer.system.machine import cores

if TYPE_CHECKING:
    from indexer.models.text_model import TextModel

OUT = 2_000
"""Outcomes that wait for who writes them, some 3 KB each: a store may be busy for some seconds."""
IN_ORDER = 500
"""Outcomes that may wait, besides, for an earlier photo that takes longer."""
WAITED = 0.05
"""Seconds that a core waits for bytes before another reader is begun."""
LONGEST_END = 2.0
"""Seconds that the end of a run waits for readers: a photo may be far away."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo: embedded, or a reason why it cannot be used."""

    wanted: Wanted
    photo: EmbeddedPhoto | None
    reason: str = ""
    how: Literal["embedded", "recovered", "shared"] = "embedded"
    """Recovered: it was in the journal before this run. Shared: it has the bytes of another."""

    @property
    def reject(self) -> Reject:
        """Of a photo that cannot be used."""
        return Reject(self.wanted.image.key, self.reason, self.wanted.product_id)


@dataclass(frozen=True, slots=True)
class _Twin:
    """A photo with the bytes of one that is on its way: its outcome is that one's, and comes last."""

    wanted: Wanted
    digest: str


class Pipeline:
    """Embeds photos with one model, or one and a text model; a run is a call of `run`.

    Threads, not processes: decoding, resizing, hashing and inference all release the interpreter lock, so on
    two cores both take the same time (3.9 s against 4.1 s for 1,199 photos), and threads start at once, need no
    ``if __name__ == "__main__"`` in the caller's script and send no pixels through pipes. They share one ONNX Runtime
    session; each inference runs on its caller's thread.

    Memory is bounded by `READ_AHEAD` bytes of files, one decoded photo for each core, see `indexer.photos.memory`,
    and `OUT` and `IN_ORDER` outcomes; it grows with the number of photos by each content's hash alone.
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
        embedder: Embedder | None = None,
    ) -> None:
        self.workers = workers or cores()
        self.spent = Spent()
        self._model, self._thumbnails, self._journal = model, thumbnails, journal
        self._text_model, self._pictures_anew = text_model, pictures_anew
        # Loaded here so that a broken network fails before any photo is read, unless somebody has it already.
        self._embedder = embedder or Embedder(model)
        self._lock = threading.Lock()
        self._seen: set[bytes] = set()
        """Hashes of the photos that a worker has taken on in this run."""
        self._bad: dict[str, str] = {}
        """By hash, why a photo cannot be used."""
        self._coloured: dict[str, EmbeddedPhoto] = {}
        """By hash, photos of the journal that had no colours there."""

    def run(self, wanted: Iterable[Wanted]) -> Generator[Outcome, None, None]:
        """Embed photos, each content once; a bad photo is an outcome with a reason.

        Outcomes come in the order of the input, unless one photo takes longer than `IN_ORDER` others. Photos whose
        bytes are those of another come last. What was embedded is in the journal before it comes out. An error that is
        no photo's, and whoever closes the iterator, ends all threads.

        Raises:
            OSError: the journal or a thumbnail cannot be written.
            ModelError: a network cannot be run.
        """
        twins: list[_Twin] = []
        run = _Run(self, wanted)
        try:
            for one in run.in_order():
                if isinstance(one, _Twin):
                    twins.append(one)
                else:
                    yield one
        finally:
            run.end()
        for twin in twins:
            photo = self._coloured.get(twin.digest) or self._journal.get(twin.digest)
            if twin.digest in self._bad:
                photo = None
            reason = "" if photo is not None else self._bad.get(twin.digest, "cannot be used")
            yield Outcome(twin.wanted, photo, reason, "shared")

    def process(self, wanted: Wanted, data: bytes | ImageError) -> Outcome | _Twin:
        """Take a photo that was read the whole way, on this thread."""
        if isinstance(data, ImageError):
            return Outcome(wanted, None, str(data))
        spent = self.spent
        with spent.on("read"):
            digest = sha256(data)
        if not self._is_first(digest):
            return _Twin(wanted, digest)
        known = self._journal.get(digest)
        if known is not None:
            return self._recovered(wanted, known, data)
        try:
            with spent.on("decode"):
                image, size = opened_for(data, self._model.preprocessing)
                pixels = self._model.preprocessing.apply(image)
                # Decoded once more: it may need more pixels, and the photo's hashes must not change with it.
                texts = None if self._text_model is None else self._text_model.prepare(data)
            with spent.on("fingerprints"):
                facts = fingerprinted(image, size, digest)
            with spent.on("colours"):
                colours = colours_of(pixels)
        except ImageError as error:
            self._bad[digest] = str(error)
            return Outcome(wanted, None, str(error))
        with spent.on("embed"):
            photo = replace(self._embed(pixels, facts), colours=colours)
        if self._text_model is not None and texts is not None:
            with spent.on("embed for texts"):
                photo = replace(photo, text_embedding=self._text_model.embed_prepared([texts])[0])
        with spent.on("thumbnail"):
            self._thumbnails.write(digest, image, anew=self._pictures_anew)
        with spent.on("journal"):
            self._journal.append([photo])
        return Outcome(wanted, photo)

    def _recovered(self, wanted: Wanted, known: EmbeddedPhoto, data: bytes) -> Outcome:
        """A photo whose vectors are known, and perhaps not its colours."""
        if known.colours is None:
            try:
                with self.spent.on("decode"):
                    known = replace(known, colours=colours_of(self._model.preprocessing.load(data)))
                    self._coloured[known.facts.sha256] = known
            except ImageError as error:
                self._bad[known.facts.sha256] = str(error)
                return Outcome(wanted, None, str(error))
        return Outcome(wanted, known, how="recovered")

    def _is_first(self, digest: str) -> bool:
        with self._lock:
            before = len(self._seen)
            self._seen.add(bytes.fromhex(digest))
            return len(self._seen) > before

    def _embed(self, pixels: NDArray[np.uint8], facts: PhotoFacts) -> EmbeddedPhoto:
        seen = self._embedder.run(pixels[None])
        named: Sequence[tuple[str | None, float]] = classify(seen.category_logits, self._model.categories)
        return EmbeddedPhoto(facts, seen.embeddings[0], *(named or [(None, 0.0)])[0])


class _Run:
    """The threads of one run, and what they hand to each other."""

    def __init__(self, pipeline: Pipeline, wanted: Iterable[Wanted]) -> None:
        self._pipeline = pipeline
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._bytes: Channel[Bytes] = Channel(READ_AHEAD)
        self._out: Channel[tuple[int, Outcome | _Twin]] = Channel(OUT)
        self._readers = Readers(wanted, self._bytes, self._fail)
        self._working = pipeline.workers
        self._workers = [
            threading.Thread(target=self._work, name=f"embed-{number}", daemon=True)
            for number in range(pipeline.workers)
        ]
        for worker in self._workers:
            worker.start()

    def in_order(self) -> Iterator[Outcome | _Twin]:
        """What came out, in the order of the input as far as that is possible; raises what ended the run early."""
        held: list[tuple[int, Outcome | _Twin]] = []
        following = 0
        while (made := self._out.take()) is not None:
            self._out.give_back(1)
            heappush(held, made)
            while held and (held[0][0] <= following or len(held) > IN_ORDER):
                number, one = heappop(held)
                following = max(following, number + 1)
                yield one
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """End all threads: those at work finish their photo first, so that it is in the journal."""
        self._bytes.close()
        self._out.close()
        for worker in self._workers:
            worker.join()
        self._readers.join(LONGEST_END)

    def _work(self) -> None:
        try:
            while (photo := self._next()) is not None:
                done = self._pipeline.process(photo.wanted, photo.data)
                self._bytes.give_back(photo.room)
                if not self._out.room_for(1):
                    return
                self._out.put((photo.number, done))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the run is waited for
            self._fail(error)
        finally:
            with self._lock:
                self._working -= 1
                last = not self._working
            if last:
                self._out.finish()

    def _next(self) -> Bytes | None:
        began = time.perf_counter()
        while True:
            try:
                photo = self._bytes.take(WAITED)
            except TimeoutError:
                self._readers.one_more()
            else:
                self._pipeline.spent.add("waiting for photos", time.perf_counter() - began)
                return photo

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._failure = self._failure or error
        self._bytes.close()
        self._out.close()
