"""A folder gets its name when it is complete, and what was there before stays until then."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from indexer.system.files import whole_folder


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "new") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("all")
        assert not (tmp_path / "new").exists()
    assert (tmp_path / "new/deep/file").read_text() == "all"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "new") as folder:
        (folder / "no such folder" / "file").write_text("half")
    monkeypatch.setattr("indexer.system.files.fsync", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"), whole_folder(tmp_path / "new") as folder:
        (folder / "file").write_text("half")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_replaced_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with whole_folder(tmp_path / "there"):  # nothing is in it yet
        pass
    (tmp_path / "there" / "mine").write_text("1")
    with pytest.raises(OSError, match="not empty"), whole_folder(tmp_path / "there") as folder:
        (folder / "file").write_text("2")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine"]
    with whole_folder(tmp_path / "there", replace=True) as folder:
        (folder / "file").write_text("2")
        assert (tmp_path / "there" / "mine").exists()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["file"]
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_text("1")
    rename = Path.rename

    def refuse_new(self: Path, target: Path) -> Path:
        if target == tmp_path / "there" and (self / "file").exists():
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(OSError, match="Input/output"), whole_folder(tmp_path / "there", replace=True) as folder:
        (folder / "file").write_text("2")
    assert (tmp_path / "there" / "mine").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
