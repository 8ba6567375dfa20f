"""Photos are read, decoded, embedded and drawn small side by side; whatever fails ends all of it and loses nothing."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from indexer.catalog.products import ProductImage
from indexer.errors import ImageError, ModelError
from indexer.models.directory import ModelFile, load_model
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import sha256
from indexer.photos.places import Seen
from indexer.photos.thumbnails import ThumbnailStore
from indexer.sync.embedding import pipeline as module
from indexer.sync.embedding.journal import Journal
from indexer.sync.embedding.pipeline import Outcome, Pipeline
from indexer.sync.photo import Wanted
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import write_tiny_model

LONGEST = 20.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return load_model(write_tiny_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("photos")
    return [write_photo(folder / f"{n}.jpg", seed=n).read_bytes() for n in range(40)]


@dataclass(slots=True)
class Far:
    """A photo that is no file: a function gives its bytes."""

    give: Callable[[], bytes]
    seen: Seen | None = None
    reads: list[str] = field(default_factory=list)

    def look(self) -> Seen | None:
        return self.seen

    def read(self) -> bytes:
        self.reads.append(threading.current_thread().name)
        return self.give()


def wanted(number: int, give: Callable[[], bytes] | bytes) -> Wanted:
    place = Far(give if callable(give) else lambda: give)
    image = ProductImage(f"{number}.jpg", Path(), 0, {}, place)
    return Wanted(f"id-{number}", f"P{number}", image, {}, None)


def numbers(outcomes: list[Outcome]) -> list[int]:
    return [int(one.wanted.id.removeprefix("id-")) for one in outcomes]


def at_work() -> list[str]:
    """Threads of a pipeline that are alive."""
    return [t.name for t in threading.enumerate() if t.name.startswith(("embed-", "read-"))]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert at_work() == []


class Shop:
    """A journal and a folder for thumbnails, with a pipeline over them."""

    def __init__(self, root: Path, model: ModelFile) -> None:
        self.root, self.model = root, model

    def run(self, photos: list[Wanted], workers: int = 2, take: int | None = None) -> list[Outcome]:
        """All outcomes, or the first so many, after which the caller fails."""
        made: list[Outcome] = []
        with Journal(self.root, self.model) as journal:
            self.pipeline = Pipeline(self.model, ThumbnailStore(self.root), journal, workers=workers)
            with closing(self.pipeline.run(photos)) as outcomes:
                for outcome in outcomes:
                    made.append(outcome)
                    self.check_it_is_kept(outcome, journal)
                    if len(made) == take:
                        raise ArithmeticError("the store is full")
        return made

    def check_it_is_kept(self, outcome: Outcome, journal: Journal) -> None:
        if outcome.photo is not None:
            assert journal.get(outcome.photo.facts.sha256) is not None
            assert ThumbnailStore(self.root).find(outcome.photo.facts.sha256) is not None

    def in_journal(self) -> int:
        with Journal(self.root, self.model) as journal:
            return len(journal)


@pytest.fixture
def shop(tmp_path: Path, model: ModelFile) -> Shop:
    return Shop(tmp_path, model)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_photo_comes_out_once_in_order_with_its_own_vector(shop: Shop, photos: list[bytes], workers: int) -> None:
    made = shop.run([wanted(n, data) for n, data in enumerate(photos)], workers)
    assert numbers(made) == list(range(len(photos)))
    assert {one.how for one in made} == {"embedded"}
    expected = Embedder(shop.model).embed(photos)
    for one, data, vector in zip(made, photos, expected, strict=True):
        assert one.photo is not None
        assert one.photo.facts.sha256 == sha256(data)
        np.testing.assert_allclose(one.photo.embedding, vector, atol=1e-6)


def test_twins_bad_photos_and_unreadable_ones(shop: Shop, photos: list[bytes]) -> None:
    def away() -> bytes:
        raise ImageError("the host is down")

    given = [
        wanted(0, photos[0]),
        wanted(1, b"no photo"),
        wanted(2, photos[0]),
        wanted(3, away),
        wanted(4, b"no photo"),
    ]
    made = {one.wanted.id: one for one in shop.run(given)}
    how = {name: one.how for name, one in made.items() if one.photo is not None}
    assert sorted(how.values()) == ["embedded", "shared"]
    assert set(how) == {"id-0", "id-2"}
    assert made["id-1"].reason == made["id-4"].reason != ""
    assert (made["id-3"].reason, made["id-3"].reject.where) == ("the host is down", "3.jpg")
    again = shop.run(given)
    assert sorted(one.how for one in again if one.photo is not None) == ["recovered", "shared"]


def test_slow_places_are_read_by_more_threads_than_there_are_cores(shop: Shop, photos: list[bytes]) -> None:
    together = threading.Barrier(8, timeout=LONGEST)

    def give(data: bytes) -> Callable[[], bytes]:
        return lambda: (together.wait(), data)[1]

    made = shop.run([wanted(n, give(data)) for n, data in enumerate(photos)], workers=1)
    assert all(one.photo is not None for one in made)  # eight reads were under way at a time, five times over


def test_files_at_hand_are_read_by_few_threads(shop: Shop, photos: list[bytes]) -> None:
    given = [wanted(n, data) for n, data in enumerate(photos)]
    shop.run(given, workers=1)
    readers = {name for one in given for name in one.image.place.reads}  # type: ignore[attr-defined]
    assert len(readers) <= 4


def test_one_photo_that_takes_long_holds_up_nobody(
    shop: Shop, photos: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_ORDER", 10)
    others = threading.Event()

    def slow() -> bytes:
        assert others.wait(LONGEST), "nothing else came out"
        return photos[0]

    made: list[int] = []
    given = [wanted(0, slow), *(wanted(n, photos[n]) for n in range(1, len(photos)))]
    with Journal(shop.root, shop.model) as journal:
        pipeline = Pipeline(shop.model, ThumbnailStore(shop.root), journal, workers=2)
        for outcome in pipeline.run(given):
            made += numbers([outcome])
            if len(made) == 15:
                others.set()
    assert made[:15] == list(range(1, 16))
    assert sorted(made) == list(range(len(photos)))


def test_no_more_is_read_ahead_than_fits(shop: Shop, photos: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_AHEAD", 3 * 250_000)
    monkeypatch.setattr(module, "OUT", 2)
    monkeypatch.setattr(module, "IN_ORDER", 0)
    given = [wanted(n, data) for n, data in enumerate(photos)]
    for one in given:
        object.__setattr__(one, "seen", Seen(1000, 0))
    with Journal(shop.root, shop.model) as journal:
        pipeline = Pipeline(shop.model, ThumbnailStore(shop.root), journal, workers=1)
        with closing(pipeline.run(given)) as outcomes:
            for done, _ in enumerate(outcomes, 1):
                read = sum(len(one.image.place.reads) for one in given)  # type: ignore[attr-defined]
                # What came out, what waits to come out, what a worker has, and what may wait for one.
                assert read <= done + 2 + 1 + 1 + 3


def failing(after: int, error: BaseException) -> Callable[..., object]:
    """A function that fails from its n-th call on."""
    calls = [0]

    def call(original: Callable[..., object], *arguments: object, **named: object) -> object:
        calls[0] += 1
        if calls[0] > after:
            raise error
        return original(*arguments, **named)

    return call


@pytest.mark.parametrize("stage", ["read", "model", "thumbnail", "journal"])
def test_a_failure_in_any_stage_ends_all_and_loses_nothing(
    shop: Shop, photos: list[bytes], stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    error: Exception = {"read": RuntimeError("a bug"), "model": ModelError("cannot be run")}.get(stage, full)
    call = failing(15, error)
    given = [wanted(n, data) for n, data in enumerate(photos)]
    if stage == "read":

        def fail() -> bytes:
            raise error

        given[15] = wanted(15, fail)
    else:
        owner, name = {
            "model": (Embedder, "run"),
            "thumbnail": (ThumbnailStore, "write"),
            "journal": (os, "pwrite"),
        }[stage]
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **n: call(original, *a, **n))
    with pytest.raises(type(error)) as raised:
        shop.run(given)
    assert raised.value is error
    monkeypatch.undo()
    kept = shop.in_journal()
    assert kept <= 40 if stage == "read" else kept <= 15
    # What was finished is not embedded again, and the rest is.
    for one in given:
        one.image.place.give = lambda data=photos[int(one.product_id[1:])]: data  # type: ignore[attr-defined]
    made = shop.run(given)
    assert sum(one.how == "recovered" for one in made) == kept
    assert len(made) == len(photos) == shop.in_journal()


def test_a_caller_that_fails_ends_all_too(shop: Shop, photos: list[bytes]) -> None:
    with pytest.raises(ArithmeticError):
        shop.run([wanted(n, data) for n, data in enumerate(photos)], take=7)
    assert at_work() == []
    kept = shop.in_journal()
    assert kept >= 7
    assert sum(one.how == "recovered" for one in shop.run([wanted(n, d) for n, d in enumerate(photos)])) == kept


def test_a_read_that_hangs_does_not_keep_a_run_from_ending(
    shop: Shop, photos: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_END", 0.05)
    release = threading.Event()

    def hang() -> bytes:
        release.wait(LONGEST)
        return photos[0]

    with pytest.raises(ArithmeticError):
        shop.run([*(wanted(n, photos[n]) for n in range(10)), wanted(11, hang)], take=5)
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("read-"):
            thread.join(LONGEST)


def test_a_source_that_fails_ends_all(shop: Shop, photos: list[bytes]) -> None:
    def source() -> Iterator[Wanted]:
        yield from (wanted(n, photos[n]) for n in range(5))
        raise KeyError("a bug in the plan")

    with Journal(shop.root, shop.model) as journal, pytest.raises(KeyError):
        list(Pipeline(shop.model, ThumbnailStore(shop.root), journal).run(source()))


def test_seconds_are_told_by_stage(shop: Shop, photos: list[bytes]) -> None:
    shop.run([wanted(n, data) for n, data in enumerate(photos)])
    spent = shop.pipeline.spent.seconds
    assert {"read", "decode", "fingerprints", "embed", "thumbnail", "journal"} <= spent.keys()
    assert all(seconds >= 0 for seconds in spent.values())
    assert spent["decode"] > 0
