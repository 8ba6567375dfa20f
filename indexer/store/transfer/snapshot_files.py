"""A folder that holds a snapshot: written beside its place and renamed, with the checksum of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indexer.errors import StoreError, UsageError
from indexer.store.records import SCHEMA_VERSION, GenerationRecord
from indexer.system.files import fsync, fsync_tree, writing
from indexer.system.marks import mark
from indexer.system.scratch import scratch_folder

MANIFEST = "snapshot.json"
BEGUN = ".jewelry-snapshot-"
"""How folders begin that are being filled."""
FORMAT = "jewelry-similarity snapshot 1"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill; it gets its name when the ``with`` block ends well, and is removed when it does not.

    What a killed snapshot left beside it is removed by the next.

    Raises:
        UsageError: there is something at ``folder`` already.
        StoreUnwritable: the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: exists already; name a new folder for the snapshot")
    folder = folder.absolute()
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder.parent, BEGUN) as filled:
            mark(filled)
            yield filled
            fsync_tree(filled)
            filled.replace(folder)
            fsync(folder.parent)


def write_manifest(folder: Path, content: dict[str, Any], record: GenerationRecord) -> dict[str, Any]:
    """Describe a filled folder: ``content``, and the length and sha256 of every file. Thumbnails are not listed."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.relative_to(folder).parts[0] != "thumbnails"]
    manifest = {
        "format": FORMAT,
        "record": record.to_json(),
        **content,
        "files": {p.relative_to(folder).as_posix(): {"bytes": p.stat().st_size, "sha256": sha256(p)} for p in paths},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> tuple[dict[str, Any], GenerationRecord]:
    """A snapshot's manifest, after checking every file that it lists.

    Raises:
        StoreError: it is not a snapshot, incomplete, altered, or of a newer version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise StoreError(f"{folder}: is not a snapshot (there is no {MANIFEST}); make one with: indexer snapshot DIR")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ValueError(f"its format is {str(manifest['format'])[:60]!r}")
        record = GenerationRecord.from_json(manifest["record"])
        points, checksum, engine = int(manifest["points"]), str(manifest["checksum"]), str(manifest["engine"])
        files = {str(name): (int(f["bytes"]), str(f["sha256"])) for name, f in manifest["files"].items()}
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); take another snapshot") from error
    if record.schema_version > SCHEMA_VERSION:
        raise StoreError(f"{path}: index schema {record.schema_version} is newer than this version's; upgrade")
    for name, (size, digest) in files.items():
        _check_file(folder, name, size, digest)
    return {**manifest, "points": points, "checksum": checksum, "engine": engine}, record


def _check_file(folder: Path, name: str, size: int, digest: str) -> None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{folder / MANIFEST}: lists {name}, outside the snapshot; take another snapshot")
    try:
        good = path.stat().st_size == size and sha256(path) == digest
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); take another snapshot") from error
    if not good:
        raise StoreError(f"{path}: was altered or is damaged; take another snapshot")


def sha256(path: Path) -> str:
    """Of a file's content."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
