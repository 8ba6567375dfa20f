"""Copies of indexes for tests that change them, made as the index copies itself: its files are mostly holes."""

from __future__ import annotations

import shutil
from pathlib import Path

from indexer.system.files import copy_file


def copied(source: Path, target: Path) -> Path:
    """A copy of a folder with the times of its files; 175 MB that are not there are not written."""
    return Path(shutil.copytree(source, target, copy_function=_copy))


def _copy(source: str, target: str) -> None:
    copy_file(Path(source), Path(target))
    shutil.copystat(source, target)
