"""Where a model goes: found out before training, replaced by a whole model only, nothing left of one that failed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import SafetensorError

from indexer.errors import ModelError, UsageError
from trainer.fit.target import UNFINISHED, check_target, publishing

LONGEST = 255


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def a_model(folder: Path, text: str = "{}") -> Path:
    folder.mkdir()
    (folder / "model.json").write_text(text)
    return folder


def half_a_model(target: Path, fail: Callable[[], object]) -> None:
    with publishing(target) as folder:
        (folder / "model.onnx").write_text("half")
        fail()


def no_room_for_weights() -> None:
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


def test_a_model_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    target = a_model(tmp_path / "model", "before")
    with pytest.raises(ModelError, match="cannot be written"):
        half_a_model(target, lambda: (tmp_path / "no such file").read_bytes())
    assert (target / "model.json").read_text() == "before"
    with publishing(target) as folder:
        assert names(target) == ["model.json"]  # until the new one is whole
        (folder / "model.json").write_text("after")
    assert (target / "model.json").read_text() == "after"
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_model_is_never_replaced(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "photos"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
        (target / "mine.jpg").write_text("mine")
    else:
        target.symlink_to(tmp_path)
    with pytest.raises(UsageError, match="is not a model directory"), publishing(target):
        pytest.fail("opened")


@pytest.mark.parametrize("name", ["new", "far/below", "empty", "model", "n" * 250, "n" * LONGEST, "é" * 127])
def test_what_can_be_written_at_the_end_is_left_as_it_was_before(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir(mode=0o750)
    before = a_model(tmp_path / "model"), (tmp_path / "empty").stat().st_ino
    check_target(tmp_path / name)
    assert names(tmp_path) == ["empty", "model"]
    assert names(before[0]) == ["model.json"]
    assert (tmp_path / "empty").stat().st_ino == before[1]
    with publishing(tmp_path / name) as folder:
        (folder / "model.json").write_text("new")
    assert (tmp_path / name / "model.json").read_text() == "new"
    with publishing(tmp_path / name) as folder:
        (folder / "model.json").write_text("newer")
    assert (tmp_path / name / "model.json").read_text() == "newer"
    assert not [left for left in names(tmp_path) if left.startswith(".")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("n" * (LONGEST + 1), "the name is too long; choose a shorter one"),
        ("file", "file: exists and is not a model directory"),
        ("file/model", "file: is a file, so nothing can be written below it"),
        ("file/far/below", "file: is a file, so nothing can be written below it"),
    ],
)
def test_a_place_that_cannot_be_is_wrong_usage(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=said):
        check_target(tmp_path / name)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["", ".", "..", "models/.."])
def test_the_folder_one_is_in_is_never_replaced(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = a_model(tmp_path / "here")
    (here / "models").mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(UsageError, match="is the folder that you are in, or one above it"):
        check_target(Path(name).absolute())


@pytest.mark.parametrize(("name", "there"), [("new", ""), ("empty", "empty"), ("model", "model")])
@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EBUSY, "is mounted, so no model can take its place"), (errno.EROFS, "Read-only file system")],
)
def test_what_a_rename_will_refuse_at_the_end_is_found_out_before(
    tmp_path: Path, name: str, there: str, number: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mount point and a file system that cannot be written do; neither can be made without rights to mount."""
    a_model(tmp_path / "model") if there == "model" else (tmp_path / "empty").mkdir()
    before = names(tmp_path)

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises((UsageError, ModelError), match=said) as caught:
        check_target(tmp_path / name)
    assert UNFINISHED not in str(caught.value)
    assert names(tmp_path) == before


def test_a_folder_that_cannot_be_written_is_found_out_before(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "shut").mkdir(mode=0o555)
    with pytest.raises(ModelError, match=r"shut/model: cannot be written \(Permission denied\); choose another place"):
        check_target(tmp_path / "shut" / "model")


def test_a_disk_with_no_room_is_found_out_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.fit.target.ROOM", 1 << 60)
    with pytest.raises(ModelError, match="MB left, and a model may take"):
        check_target(tmp_path / "far" / "model")
    assert names(tmp_path) == []


@pytest.mark.parametrize("how", ["system", "weights"])
def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, how: str) -> None:
    fails = {"system": lambda: Path("/dev/full").write_text("no room"), "weights": no_room_for_weights}
    with pytest.raises(ModelError, match=r"model: cannot be written \(the disk is full\); make room or choose another"):
        half_a_model(tmp_path / "far" / "model", fails[how])
    assert names(tmp_path) == []


def test_what_a_killed_fit_left_goes_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / f"{UNFINISHED}0123abcd"
    left.mkdir()
    (left / "model.onnx").write_text("half")
    check_target(tmp_path / "model")
    assert names(tmp_path) == []
