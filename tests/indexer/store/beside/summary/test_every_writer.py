"""Whatever writes a generation leaves the summary of its points: syncs, annotations, copies, snapshots, tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from indexer.fields.types import FieldType, Payload
from indexer.store.beside.summary.kept import NAME
from indexer.store.beside.summary.making import make_summary
from indexer.store.interface import Index
from indexer.store.transfer.copy import copy_index, transfer
from indexer.store.transfer.snapshots import restore_snapshot, take_snapshot
from indexer.store.transfer.tables import read_table, write_table
from indexer.sync.annotate.writing import annotating, replace_payloads
from tests.indexer.store.beside.summary.listed_store import tables
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index, points, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]
TABLE = {"price": FieldType.NUMBER, "title": FieldType.TEXT}


def shop(folder: Path) -> Index:
    """Of twelve products."""
    index = make_index("embedded", folder / "shop")
    titled = [replace(one, payload={**one.payload, "title": f"Ring {one.id[-2:]}"}) for one in points(0, 12)]
    build(index, titled, record(table=dict(TABLE)))
    return index


def check(index: Index, folder: Path) -> None:
    with closing(index.read()) as store:
        path = store.companion(NAME, whole=True)
        assert path is not None, "no summary was left"
        anew = folder / "anew"
        anew.unlink(missing_ok=True)
        make_summary(store, anew)
        assert tables(path) == tables(anew)


def _copy(source: Index, target: Index, _: Path) -> None:
    copy_index(source, target)


def _restore(source: Index, target: Index, folder: Path) -> None:
    take_snapshot(source, folder / "snapshot")
    restore_snapshot(folder / "snapshot", target)


def _import(source: Index, target: Index, folder: Path) -> None:
    with closing(source.read()) as store:
        write_table(store, folder / "points.npz")
    transfer(read_table(folder / "points.npz"), "points.npz", target)


@pytest.mark.parametrize(
    ("write", "engine"),
    [
        (_copy, "embedded"),
        (_import, "server"),
        *(
            pytest.param(write, engine, marks=pytest.mark.slow)
            for write, engine in (
                (_copy, "server"),
                (_import, "embedded"),
                (_restore, "embedded"),
                (_restore, "server"),
            )
        ),
    ],
)
def test_another_index_is_filled(write: Callable[[Index, Index, Path], None], engine: str, tmp_path: Path) -> None:
    source, target = shop(tmp_path), make_index(engine, tmp_path / "target")
    check(source, tmp_path)
    write(source, target, tmp_path)
    check(target, tmp_path)


def _opal(name: str, payload: Payload) -> Payload:
    return {**payload, name: "Opal"}


@pytest.mark.parametrize("engine", ENGINES)
def test_payloads_are_annotated_and_rolled_back(engine: str, tmp_path: Path) -> None:
    index = make_index(engine, tmp_path / "shop")
    build(index, points(0, 12), record(table=dict(TABLE)))
    for name, fields in (("title", None), ("cluster", {**TABLE, "cluster": FieldType.KEYWORD})):
        with annotating(index) as (writer, published):
            replace_payloads(writer, published, partial(_opal, name), fields=fields)
        check(index, tmp_path)
    if engine == "embedded":
        index.rollback()
        check(index, tmp_path)
