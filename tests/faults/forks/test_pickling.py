"""What belongs to one process says so in one line where somebody pickles or copies it."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import UsageError
from indexer.models.embedder import Embedder
from searcher import Client, SearchService
from tests.shops.indexes.both_engines import make_index
from tests.shops.indexes.built_index import Photographed

LINES = {
    "service": "a SearchService cannot be pickled or copied: make one in each process, with the folder of the index",
    "client": "a Client cannot be pickled or copied: make one in each process, with the address of the service",
    "store": "an open generation cannot be pickled or copied: open the index in each process, by its folder",
    "server": "an index on a server cannot be pickled or copied: open it in each process, by its address",
    "model": "a model that is loaded cannot be pickled or copied: load it in each process, from its directory",
}


@pytest.fixture
def things(shop: Photographed, tmp_path: Path) -> dict[str, Any]:
    return {
        "service": SearchService(shop.root),
        "client": Client("http://localhost:8000"),
        "store": shop.store,
        "server": make_index("server", tmp_path),
        "model": Embedder(shop.model),
    }


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("way", [pickle.dumps, copy.deepcopy])
def test_it_is_said_in_one_line(things: dict[str, Any], name: str, way: Callable[[Any], Any]) -> None:
    with pytest.raises(UsageError) as caught:
        way(things[name])
    assert str(caught.value) == LINES[name]


def test_a_process_that_is_spawned_is_told_before_it_starts(things: dict[str, Any]) -> None:
    process = multiprocessing.get_context("spawn").Process(target=print, args=(things["service"],))
    with pytest.raises(UsageError) as caught:
        process.start()
    assert str(caught.value) == LINES["service"]
