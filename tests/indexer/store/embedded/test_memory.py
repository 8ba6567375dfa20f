"""Where an index has payload, ids and field indexes, and how one of an earlier version becomes like a new one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import qdrant_edge as edge
from click.testing import CliRunner

from indexer.cli.main import main
from indexer.errors import UsageError
from indexer.settings import IndexerSettings
from indexer.store.embedded.index import EmbeddedIndex, open_index
from indexer.store.filters.tree import Filter, Match
from tests.shops.indexes.drawn_payload import RECORD
from tests.shops.indexes.landed_shard import as_landed
from tests.shops.indexes.unaligned_points import drawn_points, drawn_questions

METAL = Filter(must=(Match("metal", ("metal-3",)),))


def publish(index: EmbeddedIndex, points: int = 60, *, from_published: bool = False) -> None:
    with index.write() as writer:
        draft = writer.draft(RECORD, from_published=from_published)
        draft.upsert(drawn_points(points))
        draft.publish()


def fields(index: EmbeddedIndex) -> set[tuple[Any, str]]:
    """Whether each field has links in the graph, and where its index is; nothing of both in an earlier one."""
    shard = edge.EdgeShard.load(str(index.layout.generation(int(index.current() or 0)) / "shard"))
    with closing(shard):
        found = [field.params for field in shard.info().payload_schema.values()]
    return {(getattr(one, "enable_hnsw", None), str(getattr(one, "memory", None))) for one in found}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index as commit 0b22ee4 made it."""
    index = open_index(tmp_path_factory.mktemp("earlier") / "index")
    with as_landed():
        publish(index)
    return index.root


@pytest.mark.parametrize("memory", ["pinned", "cold"])
def test_a_new_index_is_where_the_setting_says(tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEWELRY_MEMORY", memory)
    monkeypatch.setenv("JEWELRY_INDEX", str(tmp_path / "index"))
    index = IndexerSettings.read().open_chosen()
    assert isinstance(index, EmbeddedIndex)
    publish(index)
    assert fields(index) == {(False, f"Memory.{memory.capitalize()}")}


def test_what_is_read_is_shared_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    publish(index)
    assert fields(index) == {(False, "Memory.Cached")}
    with closing(index.read()) as store:
        [hits] = store.search(drawn_questions(60, 1), limit=3, where=METAL)
    assert len(hits) == 3


def test_an_earlier_index_answers_and_the_next_sync_that_changes_it_makes_it_like_a_new_one(earlier: Path) -> None:
    index, questions = open_index(earlier), drawn_questions(60, 3)
    assert fields(index) == {(None, "None")}
    with closing(index.read()) as store:
        before = store.search(questions, limit=5, where=METAL)
        counts = store.facet("metal", METAL)
    assert fields(index) == {(None, "None")}  # who reads changes nothing
    publish(index, from_published=True)
    assert fields(index) == {(False, "Memory.Cached")}
    with closing(index.read()) as store:
        assert store.search(questions, limit=5, where=METAL) == before
        assert store.facet("metal", METAL) == counts
    publish(open_index(earlier, "cold"), from_published=True)
    assert fields(index) == {(False, "Memory.Cold")}


def test_another_word_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--index", str(tmp_path)], env={"JEWELRY_MEMORY": "hot"})
    assert result.exit_code == 2
    assert "JEWELRY_MEMORY='hot': Input should be 'pinned', 'cached' or 'cold'" in result.stderr
    with pytest.raises(UsageError, match="memory is the text 'hot'; give pinned, cached or cold"):
        open_index(tmp_path, "hot")
