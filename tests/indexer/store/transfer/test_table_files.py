"""An index as one file: there and back bit for bit, and one line about every file that is something else."""

from __future__ import annotations

import dataclasses
import json
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import JewelryError, MissingExtra, StoreError, StoreUnwritable, UsageError
from indexer.store.filters.tree import Filter
from indexer.store.interface import Index
from indexer.store.records import GenerationRecord, Point
from indexer.store.tally import Tally
from indexer.store.transfer.copy import transfer
from indexer.store.transfer.tables import PointTable, read_table, write_table
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, make_index, points, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

FORMATS = ("npz", "parquet")
ODD = {"product_id": "Ö/1 \u2028\0", "tags": ["a", "", "ß"], "price": 1e-300, "photo": {"n": 2**60, "x": None}}


class Made:
    """Points that stand for an index."""

    def __init__(self, batch: list[Point], of: GenerationRecord | None = None) -> None:
        self.batch, self.record = sorted(batch, key=lambda point: point.id), of or record()

    def count(self, where: Filter | None = None) -> int:  # noqa: ARG002
        return len(self.batch)

    def scroll(self, where: Filter | None = None, *, vectors: bool = False) -> Any:  # noqa: ARG002
        return iter(self.batch)


@pytest.fixture(params=FORMATS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "parquet":
        pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    return tmp_path / f"shop.{request.param}"


def same(table: PointTable, batch: list[Point]) -> bool:
    def content(point: Point) -> tuple[str, str, bytes]:
        assert point.vector is not None
        return point.id, json.dumps(point.payload, sort_keys=True), point.vector.tobytes()

    return [content(p) for p in table.scroll(vectors=True)] == [content(p) for p in batch]


def test_there_and_back_bit_for_bit(path: Path) -> None:
    batch = points(0, 50)
    batch[7] = dataclasses.replace(batch[7], payload=ODD)
    batch[8] = dataclasses.replace(batch[8], payload={})
    written = write_table(Made(batch), path)
    found = read_table(path)
    assert same(found, batch)
    assert (found.record, found.checksum) == (record(), written.checksum)
    assert found.product_ids[:2] == ["P0", "P1"]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_an_index_becomes_a_file_becomes_an_index(path: Path, tmp_path: Path, engine: str) -> None:
    index: Index = make_index(engine, tmp_path / "first")
    build(index, points(0, 40))
    store = index.read()
    write_table(store, path)
    second = make_index("embedded", tmp_path / "second")
    report = transfer(read_table(path), str(path), second)
    tally = Tally()
    for point in store.scroll(vectors=True):
        tally.add(point)
    store.close()
    assert (report.points, report.checksum, report.bit_for_bit) == (40, tally.checksum, True)
    assert transfer(read_table(path), str(path), second).published is False


def test_a_file_can_be_read_without_this_project(tmp_path: Path) -> None:
    """As docs/moving.md shows."""
    write_table(Made(points(0, 5)), tmp_path / "shop.npz")
    with np.load(tmp_path / "shop.npz", allow_pickle=False) as arrays:
        ends = arrays["payload_ends"]
        texts = [arrays["payload"][a:b].tobytes() for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        assert [json.loads(text)["product_id"] for text in texts] == arrays["product_ids"].tolist()
        assert arrays["vectors"].shape == (5, 16)
        assert json.loads(str(arrays["about"]))["record"]["fingerprint"] == "f" * 64
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    write_table(Made(points(0, 5)), tmp_path / "shop.parquet")
    rows = parquet.read_table(tmp_path / "shop.parquet").to_pylist()
    assert [row["product_id"] for row in rows] == [f"P{i}" for i in range(5)]
    assert all(len(row["vector"]) == 16 and json.loads(row["payload"]) for row in rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_noticed_or_harmless(path: Path, data: st.DataObject) -> None:
    batch = points(0, 20)
    if not path.exists():
        write_table(Made(batch), path)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = whole[:at]
    else:
        damaged = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    other = path.with_name(f"damaged{path.suffix}")
    other.write_bytes(damaged)
    refusal = ""
    try:
        assert same(read_table(other), batch)
    except StoreError as error:
        refusal = str(error)
    assert not refusal or (refusal.startswith(f"{other}: ") and len(refusal.splitlines()) == 1)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (sys.exit, ("a pickle was run",))


def test_pickles_are_never_run(tmp_path: Path) -> None:
    path = tmp_path / "old.npz"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(StoreError, match="is not an export of an index"):
        read_table(path)
    np.savez(path, about=np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match="is not an export of an index"):
        read_table(path)


def test_files_of_others(path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"PAR1PAR1", b"\x93NUMPY", b"<html>"):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="is not an export of an index"):
            read_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../about.npy", b"x")
    with pytest.raises(StoreError, match="is not an export of an index"):
        read_table(path)
    path.unlink()
    with pytest.raises(StoreError, match="no such file; write one with: indexer export"):
        read_table(path)
    path.mkdir()
    with pytest.raises(StoreError, match="no such file"):
        read_table(path)


@pytest.mark.parametrize(
    ("change", "line"),
    [({"dimension": 8}, r"is needed|its vectors are"), ({"schema_version": 99}, "newer than this version's; upgrade")],
)
def test_a_record_that_does_not_fit(path: Path, change: dict[str, Any], line: str) -> None:
    write_table(Made(points(0, 5), dataclasses.replace(record(), **change)), path) if "dimension" not in change else (
        _with_dimension(path, 8)
    )
    with pytest.raises(StoreError, match=line):
        read_table(path)


def _with_dimension(path: Path, dimension: int) -> None:
    """Alters the record of a good file."""
    write_table(Made(points(0, 5)), path)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            content = dict(arrays)
        about = json.loads(str(content["about"]))
        about["record"]["dimension"] = dimension
        np.savez(path, **{**content, "about": np.array(json.dumps(about))})
    else:
        import pyarrow.parquet as parquet

        table = parquet.read_table(path)
        about = json.loads(table.schema.metadata[b"jewelry_similarity"])
        about["record"]["dimension"] = dimension
        parquet.write_table(table.replace_schema_metadata({b"jewelry_similarity": json.dumps(about).encode()}), path)


def test_an_older_file_stays_until_the_new_one_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(Made(points(0, 5)), path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreUnwritable, match="No space left on device"):
        write_table(Made(points(0, 9)), path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_other_names_and_missing_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shop.pkl", "shop", ".npz"):
        with pytest.raises(UsageError, match=r"ends in \.npz or \.parquet"):
            write_table(Made(points(0, 5)), tmp_path / name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call in (lambda p: write_table(Made(points(0, 5)), p), read_table):
        with pytest.raises(MissingExtra, match=r"pip install 'jewelry-similarity\[parquet\]'"):
            call(tmp_path / "shop.parquet")
    assert list(tmp_path.iterdir()) == []


def run(*arguments: str | Path) -> Result:
    from indexer.cli.main import main

    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_commands(tmp_path: Path) -> None:
    index = make_index("embedded", tmp_path / "one")
    build(index, points(0, 12))
    file, there = tmp_path / "shop.npz", tmp_path / "two"
    exported = run("export", file, "--index", index.location)
    assert (exported.exit_code, exported.stdout) == (0, f"Wrote 12 points of {index.location} to {file}\n")
    imported = run("import", file, "--index", there, "--json")
    assert imported.exit_code == 0, imported.stderr
    assert json.loads(imported.stdout)["points"] == 12
    other = dataclasses.replace(record(), catalog_root="/other")
    build(make_index("embedded", tmp_path / "three"), points(0, 3), other)
    refused = run("import", file, "--index", tmp_path / "three" / "index")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert run("import", file, "--index", tmp_path / "three" / "index", "--replace").exit_code == 0
    file.write_bytes(b"x")
    damaged = run("import", file, "--index", there)
    assert (damaged.exit_code, len(damaged.stderr.splitlines())) == (1, 1)
    assert run("export", tmp_path / "no" / "shop.npz", "--index", there).exit_code == 1
    assert issubclass(MissingExtra, JewelryError)
