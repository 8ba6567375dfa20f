"""A night of a million products: drawn vectors are imported, and the manifest's photos are links to a few files.

Not against the earlier commit, whose first sync alone would take hours: what is measured has its limit in seconds and
megabytes. To draw and to import a million points, and to build their graph, takes most of the time.
"""

from __future__ import annotations

import hashlib
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from indexer.catalog.reading import read_catalog
from indexer.fields.identity import point_id
from indexer.models.directory import load_model
from indexer.photos.reading import READING
from indexer.store.filters.tree import Filter
from indexer.store.records import EngineFiles, GenerationRecord, Point
from indexer.store.transfer.tables import write_table
from indexer.sync.payload import catalog_fields
from tests.bench.nightly.drawn_catalog import LINKS, DrawnCatalog
from tests.bench.nightly.versions import ROOT, Version
from tests.bench.opening import opened

pytestmark = [pytest.mark.bench, pytest.mark.full]

PRODUCTS, ROUNDS = 1_000_000, 3
SUMMARY = """
import re, sys, threading, time
from pathlib import Path
from indexer.store.beside.summary.making import make_summary
from indexer.store.embedded.index import EmbeddedIndex
began, own = time.perf_counter(), [0]
def look():
    while True:
        own.append(int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
        time.sleep(0.2)
threading.Thread(target=look, daemon=True).start()
make_summary(EmbeddedIndex(Path(sys.argv[1])).read(), Path(sys.argv[2]))
print(f"{max(own) / 1000:.0f} MB, {time.perf_counter() - began:.1f} s")
"""
"""The pages of the index's files that the system has read for it are not its own."""


class Drawn:
    """The points that a sync of a catalog would write, with drawn vectors."""

    files: ClassVar[EngineFiles | None] = None

    def __init__(self, catalog: Path, model: Path) -> None:
        self._catalog, read = read_catalog(catalog), load_model(model)
        self.record = GenerationRecord(
            fingerprint=read.fingerprint,
            dimension=read.dimension,
            field_table=self._catalog.field_table,
            catalog_root=str(catalog.resolve()),
            model_path=str(model.resolve()),
            created_at="2026-01-01T00:00:00Z",
            reading=READING,
        )

    def count(self, where: Filter | None = None) -> int:
        assert where is None
        return len(self._catalog.products)

    def scroll(self, where: Filter | None = None, *, vectors: bool = False) -> Iterator[Point]:
        assert where is None
        assert vectors
        rng, sha256 = np.random.default_rng(0), ""
        for number, product in enumerate(self._catalog.products):
            (image,) = product.images
            seen = image.place.look()
            assert seen is not None
            if number % LINKS == 0:  # the next ones are links to it
                sha256 = hashlib.sha256(image.place.read()).hexdigest()
            vector = rng.standard_normal(self.record.dimension, dtype=np.float32)
            photo = {"path": image.key, "rank": 0, "bytes": seen.size, "mtime_ns": seen.mtime_ns}
            photo |= {"width": 48, "height": 48, "sha256": sha256, "pixel_sha256": f"{number:064x}"}
            payload = {**catalog_fields(product, image), "photo": photo | {"phash": f"{number:016x}"}}
            payload["indexed_at"] = self.record.created_at
            yield Point(point_id(product.id, image.key), payload, vector / np.linalg.norm(vector))


def test_a_million(model: Path, tmp_path: Path) -> None:
    catalog = DrawnCatalog(tmp_path / "catalog", PRODUCTS, linked=True).folder
    now, table = Version("now", ROOT, tmp_path / "index"), tmp_path / "points.npz"
    write_table(Drawn(catalog, model), table)
    print(f"\n{PRODUCTS:,} products, one photo each; seconds by the clock / of all cores / peak MB")

    def say(what: str, *command: object) -> None:
        ran = now.run(*map(str, command))
        print(f"{what}: {ran.seconds:.1f} / {ran.cores:.1f} / {ran.peak:.0f}", flush=True)

    say("import", "indexer", "import", table, "--index", now.index)
    sync = ("indexer", "sync", catalog, "--model", model, "--index", now.index)
    say("the first sync, which makes the record", *sync)
    for _ in range(ROUNDS):
        say("nothing changed", *sync)
    print(f"opening: {statistics.median(opened(now.index)[0] for _ in range(ROUNDS)):.2f} s")
    command = [sys.executable, "-c", SUMMARY, str(now.index), str(tmp_path / "summary")]
    census = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    print(f"the census made of what is published: own memory {census}")
