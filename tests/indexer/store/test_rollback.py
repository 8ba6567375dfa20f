"""Going back a generation, pruning, and switching models, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.errors import StoreLocked, StoreMissing
from indexer.models.embedder import Embedder
from indexer.store.interface import Index
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index, points, published_products
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    return make_index(request.param, tmp_path)


def test_rollback_publishes_the_generation_before(index: Index) -> None:
    build(index, points(0, 5))
    build(index, points(100, 5))
    assert (index.current(), index.generations()) == ("2", ["1", "2"])
    assert index.rollback() == "1"
    assert (index.current(), index.generations()) == ("1", ["1", "2"])
    assert published_products(index) == {f"P{i}" for i in range(5)}


def test_there_is_nothing_before_the_first(index: Index) -> None:
    with pytest.raises(StoreMissing):
        index.rollback()
    build(index, points(0, 5))
    with pytest.raises(StoreMissing, match="no earlier generation"):
        index.rollback()
    build(index, points(10, 5))
    index.rollback()
    with pytest.raises(StoreMissing, match="no earlier generation"):
        index.rollback()


def test_what_was_rolled_back_from_is_not_what_one_goes_back_to_later(index: Index) -> None:
    build(index, points(0, 5))
    build(index, points(100, 5))  # a mistake
    index.rollback()
    assert build(index, points(200, 5)) == "3"
    assert index.generations() == ["1", "3"]
    assert index.rollback() == "1"
    assert published_products(index) == {f"P{i}" for i in range(5)}


def test_only_the_generation_before_is_kept(index: Index) -> None:
    for number in range(4):
        build(index, points(100 * number, 5))
    assert (index.current(), index.generations()) == ("4", ["3", "4"])


def test_prune_keeps_the_newest_and_the_published(index: Index) -> None:
    assert index.prune() == []
    build(index, points(0, 5))
    build(index, points(100, 5))
    assert index.prune(keep=2) == []
    index.rollback()
    assert index.prune(keep=1) == []  # the newest, and the published one
    build(index, points(200, 5))
    assert index.prune() == ["1"]
    assert (index.current(), index.generations()) == ("3", ["3"])
    assert published_products(index) == {f"P{200 + i}" for i in range(5)}


def test_a_reader_keeps_its_generation_across_a_rollback(index: Index) -> None:
    build(index, points(0, 5))
    build(index, points(100, 7))
    reader = index.read()
    index.rollback()
    assert (reader.generation, reader.count()) == ("2", 7)
    reader.close()


def test_nobody_goes_back_or_prunes_while_somebody_writes(index: Index) -> None:
    build(index, points(0, 5))
    build(index, points(100, 5))
    with index.write():
        with pytest.raises(StoreLocked, match="being written by process"):
            index.rollback()
        with pytest.raises(StoreLocked, match="being written by process"):
            index.prune()
    assert index.current() == "2"


def test_another_model_is_built_beside_while_readers_keep_the_old_one(index: Index, tmp_path: Path) -> None:
    catalog = write_small_catalog(tmp_path / "catalog")
    old, new = write_tiny_model(tmp_path / "old"), write_tiny_model(tmp_path / "new", seed=5)
    sync(catalog, old, index)
    asked = Embedder(old).embed([catalog / "rings/P003/0.jpg"])
    seen = []

    def look(stage: str, done: int, total: int) -> None:
        reader = index.read()
        [hits] = reader.search(asked, limit=24, exact=True)
        seen.append((reader.generation, reader.count(), hits[0].payload["product_id"], round(hits[0].score, 4)))
        reader.close()

    report = sync(catalog, new, index, progress=look)
    assert (report.rebuilt, report.embedded, report.generation) == (True, 24, "2")
    assert len(seen) >= 3
    assert set(seen) == {("1", 24, "P003", 1.0)}
    current = index.record()
    assert current is not None
    assert current.model_path == str(new)
    assert index.rollback() == "1"
    look("Embedding", 0, 0)
    assert set(seen) == {("1", 24, "P003", 1.0)}
    back = sync(catalog, old, index)
    assert (back.embedded, back.published, back.generation) == (0, False, "1")


def test_the_command_line_goes_back_and_prunes(tmp_path: Path) -> None:
    from indexer.cli.main import main

    index = make_index("embedded", tmp_path)
    place = ("--index", index.location)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, [*arguments, *place])
        return result.exit_code, result.stdout + result.stderr

    assert run("rollback")[0] == 1
    assert not Path(index.location).exists()
    build(index, points(0, 5))
    assert run("rollback") == (1, f"Error: {index.location}: there is no earlier generation to go back to\n")
    build(index, points(100, 5))
    assert run("rollback") == (0, f"Published generation 1 again in {index.location} (it was 2)\n")
    build(index, points(200, 5))
    code, text = run("prune", "--json")
    assert (code, json.loads(text)) == (
        0,
        {"index": index.location, "removed": ["1"], "generations": ["3"], "pictures": 0},
    )
    assert run("prune", "--keep", "0")[0] == 2
    assert run("prune") == (0, f"Removed nothing; left in {index.location}: 3\n")
