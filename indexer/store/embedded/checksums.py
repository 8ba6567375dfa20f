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
LOOKED = "looked"
"""A file beside a generation: how the system described its files when they were last read through."""
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

    def damage_since_looked(self) -> list[str]:
        """`damage`, without reading large files again that nobody has written to since they were last read through.

        That is told by what the system says of a file: its number, its length and its times. An engine that opens and
        closes a generation writes to some, the same bytes: these are read. Raises as `damage` does.
        """
        looked, found, seen = self._looked(), [], {}
        for name in self.files:
            try:
                stat = (self.folder / name).stat()
            except OSError:
                stat = None
            is_small = stat is not None and stat.st_blocks * 512 <= SMALL
            if stat is None or is_small or looked.get(name) != _signs(stat):
                found += [problem] if (problem := self._damage_of(name, whole=True)) else []
            if stat is not None and not is_small:
                seen[name] = _signs(stat)
        if not found and seen != looked:
            self._note(seen)
        return found

    def note_looked(self) -> None:
        """Write down how the system describes the files, all of which were read through just now."""
        with suppress(OSError):
            stats = {name: (self.folder / name).stat() for name in self.files}
            self._note({name: _signs(stat) for name, stat in stats.items() if stat.st_blocks * 512 > SMALL})

    def _looked(self) -> dict[str, list[int]]:
        path = companions_of(self.folder).path(LOOKED, whole=True)
        try:
            found: dict[str, list[int]] = {} if path is None else json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def _note(self, seen: Mapping[str, list[int]]) -> None:
        with suppress(OSError):
            companions_of(self.folder).put(LOOKED, lambda path: _write(path, json.dumps(seen)))

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


def _signs(stat: os.stat_result) -> list[int]:
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


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
