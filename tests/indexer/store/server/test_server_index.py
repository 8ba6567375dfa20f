"""Generations on a server: in place with the same model, beside with another, and never on a stranger's collection."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from indexer.errors import FilterError, StoreError, VectorError
from indexer.fields.types import FieldType
from indexer.store.filters.tree import Filter, Match, Prefix
from indexer.store.records import Point
from indexer.store.server.collection import METADATA_KEY, CollectionState, create_collection, quantization_config
from indexer.store.server.connection import Connection
from indexer.store.server.engine import ServerStore
from indexer.store.server.index import ServerIndex
from indexer.store.server.options import CollectionOptions, Quantization
from indexer.store.tuning import Memory
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, make_index, points, published_products, record
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@pytest.fixture
def index(tmp_path: Path) -> ServerIndex:
    made = make_index("server", tmp_path)
    assert isinstance(made, ServerIndex)
    return made


def engine(index: ServerIndex) -> QdrantClient:
    return index.connection.client


def collections(index: ServerIndex) -> list[str]:
    return sorted(c.name for c in engine(index).get_collections().collections)


def test_a_sync_with_the_same_model_changes_the_collection_in_place(index: ServerIndex, tmp_path: Path) -> None:
    catalog, model = write_small_catalog(tmp_path / "catalog"), write_tiny_model(tmp_path / "model")
    assert sync(catalog, model, index).generation == "1"
    before = {point.id: point for point in index.read().scroll(vectors=True)}
    rows = read_manifest(catalog)
    rows[3]["price"] = "9999"
    for row in rows:
        row["season"] = "summer"
    write_manifest(catalog, rows[:-1])
    reader = index.read()
    report = sync(catalog, model, index)
    assert (report.embedded, report.photos["updated"], report.photos["gone"]) == (0, 22, 2)
    assert (report.generation, index.current(), collections(index)) == ("1.1", "1.1", ["shop-1"])
    assert reader.generation == "1"  # so that whoever keeps a reader sees that there is something new
    after = {point.id: point for point in index.read().scroll(vectors=True)}
    assert len(after) == 22
    assert all(np.array_equal(after[i].vector, before[i].vector) for i in after)  # type: ignore[arg-type]
    store = index.read()
    assert store.record.field_table["season"] is FieldType.KEYWORD
    assert store.count(Filter(must=(Match("season", ("summer",)),))) == 22
    assert sync(catalog, model, index).published is False


def test_deletions_come_last(index: ServerIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    build(index, points(0, 5))
    with index.write() as writer:
        draft = writer.draft(record(), from_published=True)
        draft.upsert(points(5, 2))
        assert published_products(index) == {f"P{i}" for i in range(7)}  # in place: readers see it at once
        draft.delete([point.id for point in points(0, 2)])
        draft.publish()
    assert published_products(index) == {f"P{i}" for i in range(2, 7)}


def test_another_models_vectors_never_mix_with_the_published_ones(index: ServerIndex) -> None:
    build(index, points(0, 5))
    with index.write() as writer, pytest.raises(StoreError, match="vectors of another model"):
        writer.draft(record("e" * 64), from_published=True)


def test_leaving_without_publishing_leaves_no_collection(index: ServerIndex) -> None:
    build(index, points(0, 5))
    with index.write() as writer:
        writer.draft(record("e" * 64), from_published=False).upsert(points(0, 5))
        assert collections(index) == ["shop-1", "shop-2"]
        assert index.generations() == ["1"]
    assert collections(index) == ["shop-1"]


def test_points_that_went_missing_stop_the_switch(index: ServerIndex) -> None:
    build(index, points(0, 5))
    with index.write() as writer:
        draft = writer.draft(record("e" * 64), from_published=False)
        draft.upsert(points(0, 9))
        draft.upsert(points(0, 1))  # again: the same point, not another
        draft.delete([points(8, 1)[0].id])
        engine(index).delete("shop-2", models.PointIdsList(points=[points(3, 1)[0].id]))
        with pytest.raises(StoreError, match="holds 7 points where 8 were written"):
            draft.publish()
    assert (index.current(), collections(index)) == ("1", ["shop-1"])


def test_a_graph_that_finds_too_little_stops_the_switch(index: ServerIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    build(index, points(0, 60))
    approximate = ServerStore.search

    def forgetful(self: ServerStore, vectors: Any, *, limit: int, exact: bool = False, **options: Any) -> Any:
        found = approximate(self, vectors, limit=limit if exact else limit + 2, exact=exact, **options)
        return found if exact else [hits[2:] for hits in found]

    monkeypatch.setattr(ServerStore, "search", forgetful)
    with index.write() as writer:
        draft = writer.draft(record("e" * 64), from_published=False)
        draft.upsert(points(0, 60))
        with pytest.raises(StoreError, match=r"finds 80% of the nearest where 95% are needed; readers keep"):
            draft.publish()
    assert (index.current(), collections(index)) == ("1", ["shop-1"])


@pytest.mark.parametrize("fails", ["delete_collection", "update_collection_aliases"])
def test_what_readers_already_see_is_not_taken_away_when_publishing_fails_late(
    index: ServerIndex, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    build(index, points(0, 10))
    build(index, points(0, 20))
    original = getattr(engine(index), fails)

    def answer_is_lost(*arguments: Any, **named: Any) -> None:
        if fails == "update_collection_aliases":  # the alias did move
            original(*arguments, **named)
        raise RuntimeError("the line went dead")

    with monkeypatch.context() as patched:
        patched.setattr(engine(index), fails, answer_is_lost)
        with pytest.raises(StoreError, match="the line went dead"):
            build(index, points(0, 30))
    assert index.current() == "3"
    assert index.read().count() == 30
    build(index, points(0, 40))
    assert index.generations() == ["3", "4"]


def test_equal_vectors_do_not_count_as_lost(index: ServerIndex) -> None:
    same = points(0, 1)[0].vector
    assert build(index, [dataclasses.replace(point, vector=same) for point in points(0, 40)]) == "1"


@pytest.mark.parametrize(
    ("status", "optimizer", "line"),
    [
        (models.CollectionStatus.YELLOW, models.OptimizersStatusOneOf.OK, "not optimized after 0 s"),
        (models.CollectionStatus.RED, models.OptimizersStatusOneOf.OK, "the optimizer failed"),
        (
            models.CollectionStatus.GREEN,
            models.OptimizersStatusOneOf1(error="No space left on device"),
            r"the optimizer failed \(No space left on device\)",
        ),
    ],
)
def test_nothing_is_switched_before_the_optimizer_is_done(
    index: ServerIndex, monkeypatch: pytest.MonkeyPatch, status: Any, optimizer: Any, line: str
) -> None:
    index.options = CollectionOptions(ready_timeout=0.01)
    original = engine(index).get_collection

    def busy(name: str) -> Any:
        return original(name).model_copy(update={"status": status, "optimizer_status": optimizer})

    with index.write() as writer:
        draft = writer.draft(record(), from_published=False)
        draft.upsert(points(0, 5))
        monkeypatch.setattr(engine(index), "get_collection", busy)
        with pytest.raises(StoreError, match=line):
            draft.publish()
    assert index.current() is None


def test_the_optimizer_is_waited_for(index: ServerIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    original, seen = engine(index).get_collection, []
    states = [models.CollectionStatus.YELLOW, models.CollectionStatus.GREY, models.CollectionStatus.YELLOW]
    monkeypatch.setattr("indexer.store.server.draft.time.sleep", seen.append)
    with index.write() as writer:
        draft = writer.draft(record(), from_published=False)
        draft.upsert(points(0, 5))

        def busy(name: str) -> Any:
            info = original(name)
            return info.model_copy(update={"status": states.pop(0)}) if states else info

        monkeypatch.setattr(engine(index), "get_collection", busy)
        assert draft.publish() == "1"
    assert len(seen) == 3
    assert seen == sorted(seen)


def test_a_collection_of_somebody_else_is_refused(index: ServerIndex) -> None:
    vectors = {"image": models.VectorParams(size=16, distance=models.Distance.COSINE)}
    engine(index).create_collection("shop", vectors_config=vectors)
    for action in (index.read, index.current, index.rollback, index.write().__enter__):
        with pytest.raises(StoreError, match="is a collection, where this project makes an alias"):
            action()
    engine(index).delete_collection("shop")
    engine(index).create_collection("theirs", vectors_config=vectors)
    point_alias(index, "theirs")
    with pytest.raises(StoreError, match="points to theirs, which this project did not make"):
        index.read()
    engine(index).create_collection("shop-1", vectors_config=vectors)
    point_alias(index, "shop-1")
    with pytest.raises(StoreError, match="was not made by this project"):
        index.read()
    assert collections(index) == ["shop-1", "theirs"]


def point_alias(index: ServerIndex, collection: str) -> None:
    create = models.CreateAlias(collection_name=collection, alias_name="shop")
    engine(index).update_collection_aliases([models.CreateAliasOperation(create_alias=create)])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"dimension": 64}, "of 16 dimensions where its record says 64"),
        ({"schema_version": 99}, "schema 99, newer than this version's; upgrade"),
        ({"field_table": {"price": "colour"}}, "was not made by this project"),
    ],
)
def test_a_record_that_does_not_fit_its_collection_is_refused(
    index: ServerIndex, change: dict[str, Any], line: str
) -> None:
    build(index, points(0, 5))
    metadata = engine(index).get_collection("shop-1").config.metadata
    assert metadata is not None
    engine(index).update_collection("shop-1", metadata={METADATA_KEY: {**metadata[METADATA_KEY], **change}})
    for action in (index.read, index.current, index.write().__enter__):
        with pytest.raises(StoreError, match=line):
            action()


def test_a_strangers_collection_with_such_a_number_is_left_alone(index: ServerIndex) -> None:
    vectors = models.VectorParams(size=4, distance=models.Distance.DOT)
    engine(index).create_collection("shop-1", vectors_config=vectors)
    engine(index).create_collection("shop-1-1", vectors_config=vectors)
    assert build(index, points(0, 5)) == "2"
    for _ in range(3):
        build(index, points(0, 5))
    assert index.prune() == ["4"]
    assert collections(index) == ["shop-1", "shop-1-1", "shop-5"]


def test_what_dead_writers_left_is_cleared_away_unless_they_may_live(index: ServerIndex) -> None:
    own = CollectionState("shop-1", record(), complete=False, writer=index.layout.signature())
    fresh = dataclasses.replace(record(), created_at=now())
    others = CollectionState("shop-2", fresh, complete=False, writer="another machine")
    long_dead = CollectionState("shop-3", record(), complete=False, writer="another machine")
    for state in (own, others, long_dead):
        create_collection(index.connection, state, CollectionOptions())
    assert build(index, points(0, 5)) == "3"
    assert collections(index) == ["shop-2", "shop-3"]


def now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat()


@pytest.mark.parametrize("vector", [np.full(16, np.nan), np.full(16, np.inf), np.zeros(16), np.ones(8)])
@pytest.mark.parametrize("from_published", [False, True])
def test_bad_vectors_never_reach_the_engine(index: ServerIndex, vector: Any, from_published: bool) -> None:
    build(index, points(0, 5))
    bad = Point(points(9, 1)[0].id, {"product_id": "P"}, vector.astype(np.float32))
    with index.write() as writer:
        draft = writer.draft(record(), from_published=from_published)
        with pytest.raises(VectorError):
            draft.upsert([*points(6, 1), bad])
    assert published_products(index) == {f"P{i}" for i in range(5)}


def test_batches_keep_below_the_limit_and_drop_nothing(index: ServerIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    sizes: list[int] = []
    original = engine(index).upsert

    def weighed(name: str, made: list[models.PointStruct], **options: Any) -> Any:
        body = models.PointsList(points=made).model_dump(mode="json", exclude_none=True)
        sizes.append(len(httpx.Request("PUT", "http://x", json=body).content))
        return original(name, made, **options)

    monkeypatch.setattr(engine(index), "upsert", weighed)
    monkeypatch.setattr("indexer.store.server.engine.REQUEST_BYTES", 20_000)
    random = np.random.default_rng(0)
    many = [
        dataclasses.replace(point, payload=point.payload | {"title": "t" * int(random.integers(0, 4000))})
        for point in points(0, 100)
    ]
    many[50] = dataclasses.replace(many[50], payload=many[50].payload | {"title": "x" * 50_000})  # alone, and sent
    build(index, many)
    assert {point.id: point.payload for point in index.read().scroll()} == {p.id: p.payload for p in many}
    assert sum(size > 20_000 for size in sizes) == 1
    assert 5 < len(sizes) < 60


def test_a_prefix_is_refused_by_name_on_a_server_without_it(index: ServerIndex) -> None:
    build(index, points(0, 5), record(table={"metal": FieldType.KEYWORD}))
    store = index.read()
    asked = Filter(must_not=(Filter(should=(Prefix("metal", "go"),)),))
    assert store.count(asked) == 5
    index.connection.version = (1, 18)
    with pytest.raises(FilterError, match=r"prefix needs Qdrant 1\.19"):
        store.count(asked)


@pytest.mark.parametrize("preset", Quantization)
def test_presets_are_what_each_version_understands(index: ServerIndex, preset: Quantization) -> None:
    newest = quantization_config(index.connection, preset)
    index.connection.version = (1, 18)
    oldest = quantization_config(index.connection, preset)
    if preset is Quantization.NONE:
        assert newest is oldest is None
        return
    [inside], [old] = newest.model_dump(exclude_none=True).values(), oldest.model_dump(exclude_none=True).values()
    assert inside.pop("memory") is models.Memory.PINNED
    assert old.pop("always_ram") is True
    assert inside == old


def test_describe_says_how_it_is_kept(index: ServerIndex) -> None:
    assert index.describe()["engine"] == "server"
    build(index, points(0, 5))
    said = index.describe()
    assert (said["alias"], said["collection"], said["quantization"]) == ("shop", "shop-1", "none")


def test_the_connection_is_needed_for_nothing_but_what_is_asked(tmp_path: Path) -> None:
    client = QdrantClient(":memory:")
    ServerIndex(Connection(client, "memory"), "shop", tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_what_an_earlier_attempt_left_gets_field_indexes_as_they_are_set(
    index: ServerIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.options = CollectionOptions(memory=Memory.COLD)
    with index.write(resume=record()) as writer:
        writer.draft(record(), from_published=False).upsert(points(0, 5))
    made, create = [], engine(index).create_payload_index

    def noted(collection: str, name: str, schema: Any, **how: Any) -> Any:
        made.append((name, schema.memory))
        return create(collection, name, schema, **how)

    monkeypatch.setattr(engine(index), "create_payload_index", noted)
    with index.write(resume=record()) as writer:
        draft = writer.draft(record(), from_published=False)
        assert draft.count() == 5
    assert made
    assert {memory for _, memory in made} == {models.Memory.COLD}
