"""A file is replaced at once: the old content or the new one, with the rights it was asked for."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from indexer.system.files import replacing


def test_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as one, replacing(path) as other:
        one.write(b"one")
        other.write(b"other")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half", None])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_rights_are_those_asked_for_less_those_withheld(mode: int, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with replacing(tmp_path / "file", mode=mode):
            (unfinished,) = tmp_path.iterdir()
            assert unfinished.stat().st_mode & 0o777 == mode & ~0o022
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode & ~0o022


@pytest.mark.parametrize(("durable", "waits"), [(True, 2), (False, 0)])
def test_who_need_not_wait_for_the_disk_does_not(
    durable: bool, waits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = Mock()
    monkeypatch.setattr("os.fsync", fsync)
    with replacing(tmp_path / "file", durable=durable):
        pass
    assert fsync.call_count == waits
