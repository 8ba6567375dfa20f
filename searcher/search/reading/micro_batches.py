"""Micro-batching: photos that many threads ask about at the same moment go through the network together.

No timer and no thread of its own: whoever finds the network free takes along all who are waiting, and nobody waits
for company. How many photos of a batch are computed at once is the embedder's affair; on a CPU one by one is fastest
(see `indexer.models.embedder.BATCH`), and what is won is that inferences never outnumber the cores.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from indexer.models.embedder import Embedder, Prediction
from indexer.system.forks import Lock, in_child

MAX_BATCH = 16
"""Photos that one caller computes for others before it gets its own answer."""


class MicroBatches:
    """Runs an embedder for many threads.

    Args:
        embedder: the network.
        at_once: batches that run side by side, 1 or more: the cores this process may use.
    """

    _waiting: list[tuple[NDArray[np.uint8], Future[Prediction]]]

    def __init__(self, embedder: Embedder, at_once: int = 1) -> None:
        self.embedder = embedder
        self._at_once = at_once
        self._lock = Lock()
        self._begin()
        in_child(self._begin)

    def run(self, photo: NDArray[np.uint8]) -> Prediction:
        """The network's outputs for one preprocessed photo, uint8 [size, size, 3]; raises ``ModelError``."""
        own: Future[Prediction] = Future()
        with self._lock:
            self._waiting.append((photo, own))
        with self._free:
            while not own.done():
                with self._lock:
                    batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                if not batch:  # another thread has taken this photo along and is computing it
                    break
                self._compute(batch)
        return own.result()

    def _begin(self) -> None:
        self._free = threading.Semaphore(self._at_once)
        self._waiting = []

    def _compute(self, batch: list[tuple[NDArray[np.uint8], Future[Prediction]]]) -> None:
        try:
            found = self.embedder.run(np.stack([photo for photo, _ in batch]))
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for row, (_, future) in enumerate(batch):
            strangeness = None if found.strangeness is None else found.strangeness[row : row + 1]
            one = Prediction(found.embeddings[row : row + 1], found.category_logits[row : row + 1], strangeness)
            future.set_result(one)
