"""Micro-batches: every thread gets its own photo's outputs, and photos that wait go together."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.errors import ModelError
from indexer.models.embedder import Embedder, Prediction
from searcher.search.reading.micro_batches import MAX_BATCH, MicroBatches
from tests.shops.models.tiny_model import write_tiny_model

SIZE = 32


class Watched(Embedder):
    """A real embedder that notes the batches it gets, and can be held up or broken."""

    def __init__(self, model: Path) -> None:
        super().__init__(model)
        self.sizes: list[int] = []
        self.go = threading.Event()
        self.go.set()
        self.broken = False

    def run(self, batch: NDArray[np.uint8]) -> Prediction:
        self.sizes.append(len(batch))
        self.go.wait(10)
        if self.broken:
            raise ModelError("the network cannot run")
        return super().run(batch)


@pytest.fixture
def embedder(tmp_path: Path) -> Watched:
    return Watched(write_tiny_model(tmp_path / "model", size=SIZE))


def photos(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def ask_together(batches: MicroBatches, given: NDArray[np.uint8]) -> list[Prediction | Exception]:
    """One thread a photo; the first one is held up until all others wait."""
    answers: list[Prediction | Exception | None] = [None] * len(given)
    embedder = batches.embedder
    assert isinstance(embedder, Watched)
    embedder.go.clear()

    def ask(number: int) -> None:
        try:
            answers[number] = batches.run(given[number])
        except ModelError as error:
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(given))]
    for thread in threads:
        thread.start()
    for _ in range(1000):
        if sum(embedder.sizes) + len(batches._waiting) == len(given):
            break
        threading.Event().wait(0.01)
    embedder.go.set()
    for thread in threads:
        thread.join(20)
    assert None not in answers
    return [answer for answer in answers if answer is not None]


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 7, 2 * MAX_BATCH + 5])
def test_everybody_gets_what_is_his(embedder: Watched, count: int, at_once: int) -> None:
    given = photos(count)
    alone = [embedder.run(photo[None]) for photo in given]
    embedder.sizes.clear()
    for answer, wanted in zip(ask_together(MicroBatches(embedder, at_once), given), alone, strict=True):
        assert isinstance(answer, Prediction)
        np.testing.assert_array_equal(answer.embeddings, wanted.embeddings)
        np.testing.assert_array_equal(answer.category_logits, wanted.category_logits)
    assert sum(embedder.sizes) == count, "each photo once"
    assert max(embedder.sizes) <= MAX_BATCH
    if count > 2 * at_once:
        assert len(embedder.sizes) < count, "those who waited went together"


def test_a_failure_reaches_all_who_were_in_it_and_the_next_one_works(embedder: Watched) -> None:
    batches = MicroBatches(embedder)
    embedder.broken = True
    assert all(isinstance(answer, ModelError) for answer in ask_together(batches, photos(5)))
    embedder.broken = False
    assert batches.run(photos(1)[0]).embeddings.shape == (1, 128)
