"""Whether the service can answer: an index is published, and the model that built it is loaded."""

from __future__ import annotations

import time
from dataclasses import dataclass

from indexer.errors import FingerprintMismatch, JewelryError, ModelError, ShardLost, StoreDamaged, StoreMissing
from indexer.store.reading import read_one
from indexer.system.forks import Lock
from indexer.system.text import one_line
from searcher.search.ground.published import Published
from searcher.service import SearchService

FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """An answer for an orchestrator, which shows nothing confidential, and the reason, for the log."""

    ready: bool
    summary: str
    reason: str | None = None
    generation: str | None = None


class ReadinessCheck:
    """Asks the service, at most once a second: the question is open to everybody and costs requests to a server."""

    def __init__(self, service: SearchService) -> None:
        self._service = service
        self._lock = Lock()
        self._last: tuple[float, Readiness] | None = None

    def __call__(self) -> Readiness:
        """Whether the service is ready; loads index and model if they are not."""
        with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > FRESH_SECONDS:
                readiness = self._ask()
                self._last = time.monotonic(), readiness
            return self._last[1]

    def _ask(self) -> Readiness:
        try:
            return Readiness(True, "ready", generation=self._service.of_one(self._tried))
        except JewelryError as error:
            return Readiness(False, _summary(error), one_line(error))

    def _tried(self, published: Published) -> str:
        self._service.reader.embedder(published)  # loads the model; refuses another than the index's
        # That it is open says little: its files may be gone from under it. On a server a search asks every shard: it is
        # answered while each has one live copy, and only then.
        read_one(published.store)
        return published.generation


def _summary(error: JewelryError) -> str:
    if isinstance(error, StoreMissing):
        return "no index is published yet"
    if isinstance(error, StoreDamaged):
        return "the published index is damaged; a sync repairs it"
    if isinstance(error, ShardLost):
        return "a part of the index is on no node that answers"
    if isinstance(error, FingerprintMismatch):
        return "the model is not the one the index was built with"
    if isinstance(error, ModelError):
        return "the model cannot be loaded"
    return "the index or the model cannot be used"
