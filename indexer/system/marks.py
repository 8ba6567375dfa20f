"""Folders that this program writes carry a mark, so that none of them is ever taken for a part of a catalog."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

NAME = ".jewelry"
_TEXT = b"Written by jewelry-similarity. A sync passes over this folder, should it lie in a catalog.\n"

OF_AN_INDEX = frozenset({"beside", "generations", "reports", "thumbnails", "work"})
"""What an index keeps in its folder, and what a catalog in the same folder does not mean."""

OF_A_MODEL = frozenset({"report"})

_TOGETHER = (
    ("an index", {"CURRENT", "generations"}),
    ("an index", {"generation.json", "shard"}),
    ("a model", {"model.json", "model.onnx"}),
    ("a model", {"model.json", "model.safetensors"}),
)
_THUMBNAIL = re.compile(r"[0-9a-f]{64}\.webp\Z")
_FIRST_TWO = re.compile(r"[0-9a-f]{2}\Z")


def mark(folder: Path) -> None:
    """Mark a folder as written by this program; where that cannot be, it is recognised by what is in it."""
    with suppress(OSError):
        descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_TEXT)


def own(folder: Path, names: Collection[str]) -> str | None:
    """What of this program a folder is, by the names in it; None for any other folder."""
    for what, needed in _TOGETHER:
        if needed.issubset(names):
            return what
    if NAME in names and (folder / NAME).is_file():  # a folder of that name is the state of an index on a server
        return "an index" if OF_AN_INDEX.intersection(names) else "an output"
    return "thumbnails" if _holds_thumbnails(folder, names) else None


def own_parts(folder: Path, names: Collection[str]) -> frozenset[str]:
    """The names in the folder of a catalog that are this program's, where somebody keeps an index or a model there."""
    found = own(folder, names)
    if found is None:
        return frozenset()
    return OF_A_MODEL if found == "a model" else OF_AN_INDEX


def _holds_thumbnails(folder: Path, names: Collection[str]) -> bool:
    first = next((name for name in sorted(names) if _FIRST_TWO.match(name)), None)
    if first is None:
        return False
    try:
        inside = os.listdir(folder / first)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return False
    return bool(inside) and all(_THUMBNAIL.match(name) and name.startswith(first) for name in inside)
