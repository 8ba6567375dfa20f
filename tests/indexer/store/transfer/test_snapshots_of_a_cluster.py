"""Snapshots where several addresses are given: a file lies on the node that made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import StoreError
from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.index import ServerIndex
from indexer.store.transfer.snapshots import restore_snapshot, take_snapshot
from tests.faults.loopback_qdrant import Fault
from tests.indexer.store.transfer.snapshot_server import snapshot_qdrant
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points

pytestmark = pytest.mark.filterwarnings(*LOCAL_MODE_WARNINGS)


def test_a_snapshot_is_made_fetched_and_removed_at_one_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one is not asked for it, nor is it sent a second time."""
    waits: list[float] = []
    monkeypatch.setattr("indexer.store.server.connection.time.sleep", waits.append)
    with snapshot_qdrant() as first, snapshot_qdrant() as second:
        second.beside(first)
        address = ServerAddress(f"{first.url},{second.url}", timeout=5, attempts=3)
        index = ServerIndex(connect(address), "shop", tmp_path / "state")
        build(index, points(0, 5))
        first.faults = [Fault("POST .*/snapshots", reset=True, applied=True)]
        taken = take_snapshot(index, tmp_path / "aside")
        assert (taken.points, len(waits), second.requests) == (5, 1, [])
        first.faults = [Fault(".*", reset=True, times=10_000)]
        assert restore_snapshot(tmp_path / "aside", index).points == 5
        assert [one for one in second.requests if one.endswith("/snapshots/upload")]
        first.faults, second.faults = [], [Fault("POST .*/snapshots", reset=True, times=10_000)]
        with pytest.raises(StoreError, match=f"^{second.url}: no connection after 3 attempts"):
            take_snapshot(index, tmp_path / "other")
        assert len(waits) == 1 + 2
