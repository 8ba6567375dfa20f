"""Several processes on one index: readers beside a writer, and a writer that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from indexer.store.embedded.index import EmbeddedIndex
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model

READER = """
import json, sys, time
import numpy as np
from pathlib import Path
from indexer.store.embedded.index import EmbeddedIndex
index, seen, until = EmbeddedIndex(Path(sys.argv[1])), {}, time.monotonic() + 60
stop = Path(sys.argv[2])
while not stop.exists() and time.monotonic() < until:
    store = index.read()
    hits = store.search(np.ones((1, 128), np.float32), limit=1000, exact=True)[0]
    prices = {hit.payload["price"] for hit in hits}
    assert store.count() == len(hits)
    seen.setdefault(store.generation, set()).add(tuple(sorted(prices)))
    store.close()
    time.sleep(0.05)
print(json.dumps({generation: [list(p) for p in prices] for generation, prices in seen.items()}))
"""


def run_indexer(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from indexer.cli.main import main; main()", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_readers_answer_from_one_generation_each_while_a_third_process_syncs(tmp_path: Path) -> None:
    catalog, model, index = (
        write_small_catalog(tmp_path / "catalog"),
        write_tiny_model(tmp_path / "model"),
        tmp_path / "index",
    )
    arguments = ("sync", catalog, "--model", model, "--index", index)
    rows = read_manifest(catalog)

    def set_all_prices(price: int) -> None:
        write_manifest(catalog, [row | {"price": str(price)} for row in rows])
        process = run_indexer(*arguments)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors

    write_manifest(catalog, [row | {"price": "1"} for row in rows])
    sync(catalog, model, index)
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(index), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for price in (2, 3):
        set_all_prices(price)
    stop.touch()
    generations = set()
    for reader in readers:
        output, errors = reader.communicate(timeout=60)
        assert (reader.returncode, errors) == (0, "")
        for generation, prices in json.loads(output).items():
            assert prices == [[float(generation)]], "a generation mixed two prices"
            generations.add(generation)
    assert len(generations) >= 2, "the readers never saw a switch"


def test_a_killed_sync_leaves_readers_alone_and_is_finished_by_the_next(tmp_path: Path) -> None:
    catalog, model = (
        write_small_catalog(tmp_path / "catalog", products=30, photos=4, size=400),
        write_tiny_model(tmp_path / "model"),
    )
    index = tmp_path / "index"
    small = write_small_catalog(tmp_path / "small", products=2, size=400)
    sync(small, model, index)
    victim = run_indexer("sync", catalog, "--model", model, "--index", index, "--workers", "1", "--allow-removal")
    _kill_when_some_are_embedded(victim, index)
    store = EmbeddedIndex(index).read()
    assert (store.generation, store.count()) == ("1", 4)
    store.close()
    second = run_indexer("sync", catalog, "--model", model, "--index", index, "--allow-removal", "--json")
    output, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors
    report = json.loads(output)
    assert report["recovered"] > 0
    assert report["embedded"] + report["recovered"] + report["photos"]["updated"] == 120
    store = EmbeddedIndex(index).read()
    assert store.count() == 120
    store.close()
    assert not list((index / "work").iterdir())


def _kill_when_some_are_embedded(victim: subprocess.Popen[str], index: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        journals = list((index / "work").glob("*.journal")) if (index / "work").is_dir() else []
        if any(journal.stat().st_size > 0 for journal in journals):
            os.kill(victim.pid, signal.SIGKILL)
            victim.communicate()
            return
        assert victim.poll() is None, "the sync ended before it could be killed"
        time.sleep(0.001)
    raise AssertionError("nothing was embedded within a minute")
