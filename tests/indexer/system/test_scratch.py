"""Folders for work in progress: many processes may make and clear them in one place at once."""

from __future__ import annotations

import threading
from pathlib import Path

from indexer.system.scratch import remove_abandoned, scratch_folder


def test_readers_that_begin_at_once_take_no_folder_from_each_other(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(150):
                with scratch_folder(tmp_path, "view-") as folder:
                    (folder / "a").write_text("x")
                    assert (folder / "a").read_text() == "x"
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert failures == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_is_held_stays(tmp_path: Path) -> None:
    (tmp_path / "view-dead").mkdir()
    with scratch_folder(tmp_path, "view-") as folder:
        assert not (tmp_path / "view-dead").exists()
        assert remove_abandoned(tmp_path, "view-") == []
        assert folder.is_dir()
