"""Parts of a report that was stopped: read again, made again where damaged, never taken from other settings."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.errors import StoreUnwritable
from searcher.insights.duplicates.pairs.checkpoint import Arrays, Checkpoint


class Counted:
    """Makes a part and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Arrays:
        self.calls += 1
        return {"rows": np.arange(3), "texts": np.array(["a", "bc"])}


def test_a_finished_part_is_not_made_again(tmp_path: Path) -> None:
    make = Counted()
    for _ in range(2):
        part = Checkpoint(tmp_path, {"k": 10}).part("near-0", make)
        assert part["rows"].tolist() == [0, 1, 2]
        assert part["texts"].tolist() == ["a", "bc"]
    assert make.calls == 1


def test_other_settings_have_other_parts(tmp_path: Path) -> None:
    make = Counted()
    Checkpoint(tmp_path, {"k": 10}).part("near-0", make)
    Checkpoint(tmp_path, {"k": 11}).part("near-0", make)
    assert make.calls == 2


def test_a_part_that_time_cut_short_is_not_kept(tmp_path: Path) -> None:
    make = Counted()
    for _ in range(2):
        Checkpoint(tmp_path, {}).part("close-0", make, whole=lambda: False)
    assert make.calls == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn", b"nonsense"])
def test_a_damaged_part_is_made_again(tmp_path: Path, damage: bytes) -> None:
    make = Counted()
    Checkpoint(tmp_path, {}).part("near-0", make)
    (path,) = tmp_path.rglob("*.npz")
    path.write_bytes(damage)
    assert Checkpoint(tmp_path, {}).part("near-0", make)["rows"].tolist() == [0, 1, 2]
    assert make.calls == 2


def test_what_is_done_leaves_nothing(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    checkpoint.part("near-0", Counted())
    checkpoint.clear()
    assert not list(tmp_path.rglob("*.npz"))


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("in the way")
    with pytest.raises(StoreUnwritable, match="cannot be kept"):
        Checkpoint(tmp_path, {}).part("near-0", Counted())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_who_may_only_read_the_index_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*given: Any, **named: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    make = Counted()
    for _ in range(2):
        assert Checkpoint(tmp_path, {}).part("near-0", make)["rows"].tolist() == [0, 1, 2]
    assert make.calls == 2


def test_another_report_that_ends_meanwhile_takes_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It clears up the work folder while this one writes into it."""
    write, interruptions = np.savez, [1]

    def interrupted(*given: Any, **named: Any) -> None:
        write(*given, **named)
        if interruptions:
            interruptions.pop()
            Checkpoint(tmp_path, {"other": 1}).clear()

    monkeypatch.setattr(np, "savez", interrupted)
    make, checkpoint = Counted(), Checkpoint(tmp_path, {})
    for _ in range(2):
        assert checkpoint.part("near-0", make)["rows"].tolist() == [0, 1, 2]
    assert make.calls == 1
    assert [path.name for path in tmp_path.rglob("near*")] == ["near-0.npz"]
