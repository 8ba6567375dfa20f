"""The engines as fixtures: every test that asks for ``engine`` runs on each of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.fields.types import FieldTable
from tests.congruence import shop as drawn
from tests.congruence.engines import (
    STAND_IN_WARNINGS,
    AnyStore,
    Embedded,
    Engine,
    memory,
    real_server,
    why_no_server,
    wire,
)

ENGINES = ["embedded", "memory", "wire", *([] if why_no_server() else ["server"])]
"""Without a server one test is skipped and says why, instead of every one."""

QUICK_OVER_WIRE = (
    "test_reads.py::test_search",
    "test_reads.py::test_scroll_is",
    "test_reads.py::test_retrieve",
    "test_reads.py::test_facet[",
    "test_reads.py::test_count",
    "test_filters.py::test_tree",
    "test_text_vectors.py::test_each",
    "test_colour_vectors.py::test_looks_and_colours",
)
"""Every read and every kind of filter; the others take minutes more and run with the slow ones."""

RAM_DISK = Path("/dev/shm")
ROOM = 4 << 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for message in STAND_IN_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(message))
            if "[wire" in item.name and not any(name in item.nodeid for name in QUICK_OVER_WIRE):
                item.add_marker(pytest.mark.slow)
            callspec = getattr(item, "callspec", None)
            if callspec is not None and callspec.params.get("engine") == "server":
                item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine after the other."""
    if request.param == "embedded":
        with _shard_folder(tmp_path_factory) as folder:
            yield Embedded(folder)
    elif request.param == "memory":
        made = memory()
        yield made
        made.close()
    elif request.param == "wire":
        with wire() as served:
            yield served
    else:
        manager = real_server()
        try:
            server = manager.__enter__()
        except LookupError as error:
            pytest.skip(str(error))
        yield server
        manager.__exit__(None, None, None)


@contextlib.contextmanager
def _shard_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is room: a shard is 200 files, each synced, which takes a busy disk a minute."""
    if RAM_DISK.is_dir() and os.access(RAM_DISK, os.W_OK) and shutil.disk_usage(RAM_DISK).free > ROOM:
        with tempfile.TemporaryDirectory(prefix="congruence-", dir=RAM_DISK) as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("shards")


@pytest.fixture
def new_store(engine: Engine) -> Iterator[Callable[..., AnyStore]]:
    """Makes empty stores and drops them after the test."""
    made: list[AnyStore] = []

    def make(table: FieldTable = drawn.TABLE, *, texts: bool = False, colours: bool = False) -> AnyStore:
        made.append(engine.new(table, texts=texts, colours=colours))
        return made[-1]

    yield make
    for store in made:
        engine.drop(store)


@pytest.fixture
def store(new_store: Callable[..., AnyStore]) -> AnyStore:
    """An empty store with the shop's fields."""
    return new_store()


@pytest.fixture(scope="session")
def shop(engine: Engine) -> Iterator[AnyStore]:
    """A store with the points of `tests.congruence.shop`; only for reading."""
    filled = engine.new(drawn.TABLE)
    filled.upsert(drawn.POINTS)
    yield filled
    engine.drop(filled)
