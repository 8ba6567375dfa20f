"""What a generation is made of, written down when it is published: its points, and each file's length and checksum."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import StoreDamaged, StoreError
from indexer.store.beside.companions import FOLDER, Companions
from indexer.store.embedded.layout import RECORD, may_not_be_read, read_content, write_record
from indexer.store.records import GenerationRecord
from indexer.system.files import entries, extents

CHECKSUMS = "checksums.json"
_BLOCK = 1 << 16
SMALL = 1 << 16
"""Bytes that a file takes, up to which it is read through at every opening; of larger ones the length is looked at."""


@dataclass(frozen=True, slots=True)
class Checksums:
    """Of one published generation, whose files never change."""

    folder: Path
    points: int
    files: Mapping[str, tuple[int, str]]
    """Length and checksum of each file, by its path within the generation."""

    def damage(self, *, whole: bool) -> list[str]:
        """What is not as it was published, a sentence each, by path.

        Args:
            whole: read every file, 1 GB a second and core; else the small ones alone, some milliseconds.

        Raises:
            StoreError: this user may not read one of them, which is no damage.
        """
        return [found for name in self.files if (found := self._damage_of(name, whole))]

    def _damage_of(self, name: str, whole: bool) -> str | None:
        path, (size, checksum) = self.folder / name, self.files[name]
        try:
            stat = path.stat()
            if stat.st_size != size:
                return f"{name} has {stat.st_size} bytes where {size} were published"
            if (whole or stat.st_blocks * 512 <= SMALL) and checksum_of(path) != checksum:
                return f"{name} has other bytes than were published"
        except FileNotFoundError:
            return f"{name} is missing"
        except PermissionError as error:
            raise may_not_be_read(path) from error
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        return None


def seal(folder: Path, record: GenerationRecord, points: int) -> None:
    """Write the record of a finished generation, with the checksums of its files beside it; raises ``OSError``."""
    paths = [path for path in entries(folder) if path.is_file()]
    files = {path.relative_to(folder).as_posix(): (path.stat().st_size, checksum_of(path)) for path in paths}
    content = json.dumps({"record": record.to_json(), "points": points, "files": files}, indent=0, sort_keys=True)
    (folder / CHECKSUMS).write_text(content + "\n", encoding="utf-8")
    _write_record(folder, record, points)


def _write_record(folder: Path, record: GenerationRecord, points: int) -> None:
    checksum = hashlib.sha256((folder / CHECKSUMS).read_bytes()).hexdigest()
    write_record(folder / RECORD, record, points=points, checksums=checksum)


def second_record(folder: Path) -> GenerationRecord | None:
    """The record of a generation as it stands beside the checksums; None where it cannot be had."""
    try:
        return GenerationRecord.from_json(json.loads((folder / CHECKSUMS).read_bytes())["record"])
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return None


def restore_record(folder: Path) -> bool:
    """Write a lost or altered generation.json again from what stands beside the checksums; False where that is gone."""
    record = second_record(folder)
    if record is None:
        return False
    _write_record(folder, record, int(json.loads((folder / CHECKSUMS).read_bytes())["points"]))
    return True


def companions_of(folder: Path) -> Companions:
    """The files beside a complete generation, see `indexer.store.beside`; none of one without checksums."""
    try:
        content = str(read_content(folder / RECORD).get("checksums") or "")
    except StoreError:
        content = ""
    return Companions(folder / FOLDER, content)


def read_checksums(folder: Path) -> Checksums | None:
    """What was written down of a generation; None of one that was published before this was done.

    Raises:
        StoreError: its record cannot be read, see `read_record`, or this user may not read them.
        StoreDamaged: there were checksums, and they are gone or altered.
    """
    expected = read_content(folder / RECORD).get("checksums")
    if expected is None:
        return None
    path = folder / CHECKSUMS
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != expected:
            raise ValueError("they were altered")
        found = json.loads(content)
        files = {str(name): (int(size), str(checksum)) for name, (size, checksum) in found["files"].items()}
        return Checksums(folder, int(found["points"]), files)
    except PermissionError as error:
        raise may_not_be_read(path) from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreDamaged(f"{folder}: is damaged: its {path.name} is missing or altered") from error


def checksum_of(path: Path) -> str:
    """Sha256 of a file by blocks, each after its place; blocks of zeros are passed over, be they holes or written.

    The engine's files are long and mostly empty: 175 MB for twelve photos, of which 1 MB is there. Its small JSON files
    it writes anew at every opening, in any order of their keys: of these it is the content that counts.
    """
    found, done = hashlib.sha256(), -1
    if path.suffix == ".json":
        with suppress(ValueError):
            content = json.loads(path.read_bytes())
            return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        for start, end in extents(file.fileno(), size):
            for number in range(max(start // _BLOCK, done + 1), -(-end // _BLOCK)):
                block = os.pread(file.fileno(), _BLOCK, number * _BLOCK)
                if block.count(0) != len(block):
                    found.update(number.to_bytes(8, "little"))
                    found.update(block)
                done = number
    found.update(size.to_bytes(8, "little"))
    return found.hexdigest()
