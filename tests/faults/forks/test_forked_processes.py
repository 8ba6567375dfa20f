"""Forks with threads at work: no child hangs, each answers as its parent does, and the parent goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from indexer.store.embedded.index import open_index
from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.index import ServerIndex
from tests.faults.loopback_qdrant import loopback_qdrant
from tests.faults.serving.service_process import SCRIPT, serving
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points
from tests.shops.indexes.built_index import Photographed

SECONDS = 240


def forked(function: str, *arguments: object) -> Any:
    """What a program that forks says of its children; see `tests.faults.forks.parent`."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults.forks.parent", function, *map(str, arguments)]
    place = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=place, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


def assert_services_answer(shop: Photographed, children: int) -> None:
    found = forked("ask_services", shop.root, shop.catalog / "P011" / "0.png", children)
    right = {"right": children}
    assert found == {
        "never asked": right,
        "quiet": right,
        "busy": right,
        "pool": right,
        "parent": {"right": 1},
    }


def test_a_service_answers_in_a_few_children(shop: Photographed) -> None:
    assert_services_answer(shop, 4)


@pytest.mark.slow
def test_a_service_answers_in_twenty_children(shop: Photographed) -> None:
    assert_services_answer(shop, 20)


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
def test_a_service_answers_where_its_parent_was_just_loading(shop: Photographed, pause: float) -> None:
    found = forked("load_meanwhile", shop.root, shop.catalog / "P011" / "0.png", pause)
    assert found == {"loading": {"right": 3}, "parent": {"right": 1}}


def test_a_store_of_a_folder_is_read_in_children(shop: Photographed, tmp_path: Path) -> None:
    right = {"right": 4}
    assert forked("read_stores", shop.root, tmp_path, 4) == {"quiet": right, "busy": right, "parent": {"right": 1}}


@pytest.mark.slow
@pytest.mark.filterwarnings(*LOCAL_MODE_WARNINGS)
def test_a_store_of_a_server_is_read_in_children(tmp_path: Path) -> None:
    with loopback_qdrant() as server:
        connection = connect(ServerAddress(server.url))
        build(ServerIndex(connection, "shop", tmp_path / "built"), points(0, 20))
        found = forked("read_stores", server.url, tmp_path / "state", 20)
        connection.client.close()
    right = {"right": 20}
    assert found == {"quiet": right, "busy": right, "parent": {"right": 1}}


def test_children_of_a_client_have_connections_of_their_own(shop: Photographed, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with serving(script, shop.root, "--rate-limit", "0") as service:
        found = forked("share_client", service.url, 40)
        service.stop()
    assert found == {"children": {"right": 4}, "parent": {"each its own": 1}}


def test_a_child_does_not_keep_the_lock_of_a_writer_that_is_gone(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    build(index, points(0, 3))
    child = forked("hold_lock", index.root)
    try:
        os.kill(child, 0)  # it lives
        with index.write():
            pass
    finally:
        os.kill(child, signal.SIGKILL)
