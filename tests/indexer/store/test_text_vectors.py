"""A catalog synced with a text model: both vectors through syncs, copies and crashes, on both engines."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from indexer.cli.main import main
from indexer.errors import JewelryError, ModelError, UsageError
from indexer.models.embedder import Embedder
from indexer.models.text_model import TextModel
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.interface import Index
from indexer.store.records import GenerationRecord, Point, TextModelRecord
from indexer.store.server.index import ServerIndex
from indexer.store.transfer.copy import copy_index, transfer
from indexer.store.transfer.snapshots import restore_snapshot, take_snapshot
from indexer.store.transfer.tables import read_table, write_table
from indexer.sync.embedding.pipeline import Pipeline
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest, write_small_catalog
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index, record
from tests.shops.models.tiny_model import write_tiny_model
from tests.shops.models.tiny_text_model import DIMENSION, write_tiny_text_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@dataclass(frozen=True)
class Shop:
    catalog: Path
    model: Path
    clip: Path
    folder: Path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(
        write_small_catalog(tmp_path / "catalog", products=6),
        write_tiny_model(tmp_path / "model"),
        write_tiny_text_model(tmp_path / "clip"),
        tmp_path,
    )


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    return make_index(request.param, tmp_path)


def content(index: Index) -> dict[str, Point]:
    """The points by their photo."""
    store = index.read()
    try:
        return {point.payload["photo"]["path"]: point for point in store.scroll(vectors=True)}
    finally:
        store.close()


def check(index: Index, shop: Shop) -> None:
    """Every photo of the catalog is there, and both vectors are what the models make of it."""
    found = content(index)
    keys = [key for row in read_manifest(shop.catalog) for key in row["image"].split("|")]
    assert sorted(found) == sorted(keys)
    paths = [shop.catalog / key for key in found]
    seen, read = Embedder(shop.model).embed(paths), TextModel(shop.clip).embed(paths)
    for point, looks, text in zip(found.values(), seen, read, strict=True):
        assert point.vector == pytest.approx(looks, abs=1e-6)
        assert point.text_vector == pytest.approx(text, abs=1e-6)


def test_a_sync_writes_both_and_goes_on_with_both(index: Index, shop: Shop) -> None:
    first = sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert (first.embedded, first.rebuilt, first.text_model) == (12, False, str(shop.clip.resolve()))
    check(index, shop)
    assert sync(shop.catalog, shop.model, index).published is False  # the index's own text model
    rows = read_manifest(shop.catalog)
    rows[0]["price"] = "999"
    moved = rows[1]["image"].split("|")[0]
    (shop.catalog / moved).rename(shop.catalog / "moved.jpg")
    rows[1]["image"] = rows[1]["image"].replace(moved, "moved.jpg")
    Image.new("RGB", (50, 50), "red").save(shop.catalog / rows[2]["image"].split("|")[0])
    write_manifest(shop.catalog, rows[:-1])
    second = sync(shop.catalog, shop.model, index)
    assert (second.rebuilt, second.embedded) == (False, 1)
    assert {name: n for name, n in second.photos.items() if n} == {
        "changed": 1,
        "moved": 1,
        "updated": 2,
        "unchanged": 6,
        "gone": 3,
    }
    check(index, shop)


def test_the_record_says_so_and_only_then(index: Index, shop: Shop) -> None:
    sync(shop.catalog, shop.model, index)
    plain = index.record()
    assert plain is not None
    assert (plain.schema_version, plain.text_model) == (3, None)  # it has colours
    assert replace(plain, colours=0, schema_version=1).schema_version == 1
    assert "text_model" not in plain.to_json()
    assert all(point.text_vector is None for point in content(index).values())
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    with_texts = index.record()
    assert with_texts is not None
    assert with_texts.text_model == TextModel(shop.clip).record
    assert (with_texts.schema_version, replace(with_texts, colours=0, schema_version=1).schema_version) == (3, 2)
    assert GenerationRecord.from_json(json.loads(json.dumps(with_texts.to_json()))) == with_texts


def test_another_text_model_builds_anew_and_so_does_none(index: Index, shop: Shop) -> None:
    sync(shop.catalog, shop.model, index)
    before = content(index)
    added = sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert (added.rebuilt, added.embedded) == (True, 12)
    check(index, shop)
    other = replace(shop, clip=write_tiny_text_model(shop.folder / "other", seed=1))
    assert sync(other.catalog, other.model, index, text_model=other.clip).rebuilt
    check(index, other)
    assert sync(shop.catalog, shop.model, index, text_model=False).rebuilt
    for key, point in content(index).items():
        assert point.text_vector is None
        assert point.vector == pytest.approx(before[key].vector, abs=1e-6)
    assert index.rollback()
    check(index, other)


def test_a_text_model_that_moved_is_named_anew_without_embedding(index: Index, shop: Shop) -> None:
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    moved = replace(shop, clip=shop.clip.rename(shop.folder / "elsewhere"))
    with pytest.raises(ModelError, match=r"no longer there; name its new place with --text-model.*--no-text-model"):
        sync(shop.catalog, shop.model, index)
    report = sync(shop.catalog, shop.model, index, text_model=moved.clip)
    assert (report.published, report.embedded, report.rebuilt) == (True, 0, False)
    check(index, moved)
    assert sync(shop.catalog, shop.model, index).published is False


def test_a_killed_sync_goes_on_with_both_vectors(index: Index, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def dies(self: object) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("indexer.store.embedded.draft.EmbeddedDraft.publish", dies)
        patch.setattr("indexer.store.server.draft.BuiltDraft.publish", dies)
        with pytest.raises(Killed):
            sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert index.current() is None
    plain = sync(shop.catalog, shop.model, index, dry_run=True)
    assert plain.photos["new"] == 12
    report = sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert (report.embedded, report.recovered) == (0, 12)
    check(index, shop)


def test_a_killed_sync_without_a_text_model_leaves_nothing_for_one_with(
    index: Index, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name in ("embedded.draft.EmbeddedDraft", "server.draft.BuiltDraft"):
            patch.setattr(f"indexer.store.{name}.publish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sync(shop.catalog, shop.model, index)
    report = sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert (report.embedded, report.recovered) == (12, 0)
    check(index, shop)


@pytest.mark.parametrize("other", ENGINES)
def test_copies_keep_both(index: Index, shop: Shop, other: str, tmp_path: Path) -> None:
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    target = make_index(other, tmp_path / "target")
    if isinstance(target, ServerIndex):  # by another name than the one it is copied from
        target = ServerIndex(target.connection, "copy", tmp_path / "target")
    report = copy_index(index, target)
    assert report.points == 12
    check(target, shop)
    assert copy_index(index, target).published is False
    assert sync(shop.catalog, shop.model, target).published is False


def test_a_copy_whose_text_vector_differs_is_found_and_mended(index: Index, shop: Shop, tmp_path: Path) -> None:
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    target = make_index("embedded", tmp_path / "target")
    copy_index(index, target)
    first = next(iter(content(target).values()))
    assert first.text_vector is not None
    with target.write() as writer:
        of = target.record()
        assert of is not None
        draft = writer.draft(of, from_published=True)
        draft.upsert([replace(first, text_vector=np.roll(first.text_vector, 1))])
        draft.publish()
    assert copy_index(index, target).published
    check(target, shop)


def test_a_copy_does_not_take_a_text_model_away_unasked(shop: Shop, tmp_path: Path) -> None:
    plain, rich = make_index("embedded", tmp_path / "plain"), make_index("embedded", tmp_path / "rich")
    sync(shop.catalog, shop.model, plain)
    sync(shop.catalog, shop.model, rich, text_model=shop.clip)
    with pytest.raises(UsageError, match=r"another text model.*--replace"):
        copy_index(plain, rich)
    check(rich, shop)
    copy_index(plain, rich, overwrite=True)
    assert all(point.text_vector is None for point in content(rich).values())
    sync(shop.catalog, shop.model, rich, text_model=shop.clip)
    copy_index(rich, plain)  # to get one needs no leave
    check(plain, shop)


@pytest.mark.parametrize(
    ("other", "ending"),
    [
        ("server", "npz"),
        ("embedded", "parquet"),
        pytest.param("server", "parquet", marks=pytest.mark.slow),
        pytest.param("embedded", "npz", marks=pytest.mark.slow),
    ],
)
def test_files_of_points_keep_both(index: Index, shop: Shop, other: str, ending: str, tmp_path: Path) -> None:
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    store = index.read()
    path = tmp_path / f"points.{ending}"
    written = write_table(store, path)
    store.close()
    read = read_table(path)
    assert written.text_vectors is not None
    assert read.text_vectors is not None
    assert read.text_vectors.tobytes() == written.text_vectors.tobytes()
    assert read.text_vectors.shape == (12, DIMENSION)
    target = make_index(other, tmp_path / "target")
    transfer(read, str(path), target)
    check(target, shop)


def test_a_file_without_its_text_vectors_is_refused(shop: Shop, tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    store = index.read()
    write_table(store, tmp_path / "points.npz")
    store.close()
    with np.load(tmp_path / "points.npz") as arrays:
        parts = dict(arrays)
    for change in (
        {},
        {"text_vectors": parts["text_vectors"][:5]},
        {"text_vectors": parts["text_vectors"][:, :3]},
        {"text_vectors": parts["text_vectors"] + 1},
    ):
        np.savez(tmp_path / "bad.npz", **{**{k: v for k, v in parts.items() if k != "text_vectors"}, **change})
        with pytest.raises(JewelryError) as error:
            read_table(tmp_path / "bad.npz")
        assert "\n" not in str(error.value)


def test_snapshots_keep_both(shop: Shop, tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    sync(shop.catalog, shop.model, index, text_model=shop.clip)
    take_snapshot(index, tmp_path / "snapshot")
    for engine in ENGINES:
        target = make_index(engine, tmp_path / engine)
        restore_snapshot(tmp_path / "snapshot", target)
        check(target, shop)


@pytest.mark.slow
def test_a_large_copied_generation_builds_the_graph_of_both(tmp_path: Path) -> None:
    """The engine counts the vectors of each kind, so that two kinds could hide what is not in the graph yet."""
    dimension, count = 1024, 2700  # enough for the engine to build a graph
    of = replace(record(), dimension=dimension, text_model=TextModelRecord("e" * 64, dimension, "/clip"))
    random = np.random.default_rng(0)
    index = EmbeddedIndex(tmp_path / "index")
    for first in (0, count):
        rows = random.standard_normal((count, 2, dimension)).astype(np.float32)
        with index.write() as writer:
            draft = writer.draft(of, from_published=first > 0)
            draft.upsert(
                Point(f"00000000-0000-0000-0000-{first + n:012d}", {"product_id": str(n)}, *pair)
                for n, pair in enumerate(rows)
            )
            draft.publish()
    store = index.read()
    try:
        info = store._shard.info()
        assert (info.points_count, info.indexed_vectors_count) == (2 * count, 4 * count)
    finally:
        store.close()


def test_a_photo_that_only_one_network_can_take_is_a_reject_not_a_crash(shop: Shop, tmp_path: Path) -> None:
    key = read_manifest(shop.catalog)[0]["image"].split("|")[0]
    (shop.catalog / key).write_bytes(b"no photo")
    index = EmbeddedIndex(tmp_path / "index")
    report = sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert [reject.where for reject in report.rejects] == [key]
    assert len(content(index)) == 11


def test_a_broken_text_model_fails_before_a_photo_is_read(
    index: Index, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "run", lambda *_: pytest.fail("a photo was read"))
    (shop.clip / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        sync(shop.catalog, shop.model, index, text_model=shop.clip)
    assert index.current() is None


def test_the_command_line(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = ["sync", str(shop.catalog), "--model", str(shop.model), "--index", "index"]

    def run(*more: str) -> str:
        result = CliRunner().invoke(main, [*base, *more])
        assert result.exit_code == 0, result.output
        return result.output

    def recorded() -> str | None:
        of = EmbeddedIndex(tmp_path / "index").record()
        return of.text_model.path if of is not None and of.text_model is not None else None

    run("--text-model", str(shop.clip))
    assert recorded() == str(shop.clip.resolve())
    shown = CliRunner().invoke(main, ["status", "--index", "index"])
    assert "Text model" in shown.output
    assert "Already up to date" in run()
    assert "another model or text model" in run("--no-text-model")
    assert recorded() is None
    monkeypatch.setenv("JEWELRY_TEXT_MODEL", str(shop.clip))
    assert json.loads(run("--json"))["text_model"] == str(shop.clip.resolve())
    both = CliRunner().invoke(main, [*base, "--text-model", "x", "--no-text-model"])
    assert (both.exit_code, both.output.count("\n")) == (2, 1)
    missing = CliRunner().invoke(main, [*base, "--text-model", "nowhere"])
    assert (missing.exit_code, missing.output.count("\n")) == (1, 1)
