"""A folder of shards: which there are to be, which are there, and whether together they are the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from indexer.errors import JewelryError, StoreError, UsageError
from indexer.store.filters.tree import Filter
from indexer.store.records import SCHEMA_VERSION, EngineFiles, GenerationRecord, Point
from indexer.store.transfer.shards.shard_file import Head, Row, read_head, read_rows
from indexer.system.files import replace_text
from indexer.system.progress import Progress, Telling, nobody
from indexer.system.text import counted

FORMAT = "jewelry-similarity shards 1"
NAME = "embed.json"
"""What the folder is to hold."""
_SHARD = re.compile(r"shard-(\d{5,})\.parquet\Z")


def shard_of(identifier: str, shards: int) -> int:
    """In which of so many shards a point is: each has a range of ids, so that all in turn are in order of id."""
    return int(identifier[:8], 16) * shards >> 32


@dataclass(frozen=True, slots=True)
class Whole:
    """What a folder of shards is to hold, and for that alone: two states of a catalog, or two models, are two."""

    record: GenerationRecord
    catalog: str
    """For people."""
    photos: int
    contents: tuple[str, ...]
    """Of each shard, the digest of what it is to be made of; empty for one without a photo, which has no file."""

    def write(self, folder: Path) -> None:
        """Write it down; raises ``OSError``."""
        said = {"format": FORMAT, "record": self.record.to_json(), "catalog": self.catalog, "photos": self.photos}
        replace_text(folder / NAME, json.dumps({**said, "contents": self.contents}, indent=0) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Whole:
        """What stands in a folder.

        Raises:
            FileNotFoundError: nothing.
            StoreError: it is damaged, or of a newer version.
        """
        try:
            said = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if said["format"] != FORMAT:
                raise ValueError(f"its format is {str(said['format'])[:60]!r}")
            record = GenerationRecord.from_json(said["record"])
            contents = tuple(str(one) for one in said["contents"])
            whole = cls(record, str(said["catalog"]), int(said["photos"]), contents)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"{folder / NAME}: cannot be read ({error}); embed into another folder, or begin it anew with --anew"
            ) from error
        if whole.record.schema_version > SCHEMA_VERSION:
            raise StoreError(f"{folder}: of index schema {record.schema_version}, newer than this version's; upgrade")
        return whole

    @property
    def wanted(self) -> list[int]:
        """The numbers of the shards that have a file."""
        return [number for number, contents in enumerate(self.contents) if contents]

    def is_made_of(self, head: Head) -> bool:
        """Whether a shard is the one that belongs here."""
        here = 0 <= head.number < len(self.contents) and self.contents[head.number] == head.contents
        return here and head.is_by(self.record)


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard is."""
    return folder / f"shard-{number:05d}.parquet"


def shards_in(folder: Path) -> dict[int, Path]:
    """Every file that is called like a shard, by its number."""
    found = {int(named[1]): path for path in folder.iterdir() if (named := _SHARD.match(path.name))}
    return {number: path for number, path in sorted(found.items()) if path == shard_path(folder, number)}


@dataclass(frozen=True, slots=True)
class ShardFolder:
    """All points of a folder of shards that is whole; they are read shard by shard, as often as they are asked for."""

    folder: Path
    whole: Whole
    heads: Sequence[Head]
    files: ClassVar[EngineFiles | None] = None

    @classmethod
    def open(cls, folder: Path) -> ShardFolder:
        """The folder, whose shards are all there and belong together; their rows are not read.

        Raises:
            StoreError: it is none, or not the whole.
            MissingExtra: pyarrow is not installed.
        """
        try:
            whole = Whole.read(folder)
        except FileNotFoundError:
            raise StoreError(f"{folder}: no folder of shards; fill it with: indexer embed CATALOG {folder}") from None
        heads, missing = [], []
        for number in whole.wanted:
            path = shard_path(folder, number)
            try:
                head = read_head(path)
            except FileNotFoundError:
                missing.append(path.name)
                continue
            _check(path, number, head, whole)
            heads.append(head)
        if missing:
            which = f"{missing[0]} is" if len(missing) == 1 else f"{len(missing)} are missing, {missing[0]} the first"
            end = " missing" if len(missing) == 1 else ""
            raise StoreError(
                f"{folder}: of {counted(len(whole.wanted), 'shard')}, {which}{end}; "
                f"finish it with: indexer embed {whole.catalog} {folder}"
            )
        other = next((path for number, path in shards_in(folder).items() if number not in whole.wanted), None)
        if other is not None:
            raise StoreError(f"{other}: belongs to no state of this folder; take it out")
        if not sum(head.points for head in heads):
            raise UsageError(f"{folder}: holds no points, there is nothing to import")
        return cls(folder, whole, heads)

    @property
    def record(self) -> GenerationRecord:
        """What the points were made from."""
        return self.whole.record

    @property
    def rejected(self) -> int:
        """How many photos could not be used."""
        return sum(len(head.rejects) for head in self.heads)

    def count(self, where: Filter | None = None) -> int:
        """How many points there are; a folder takes no filter."""
        if where is not None:
            raise UsageError("a folder of shards cannot be filtered; import it first")
        return sum(head.points for head in self.heads)

    def scroll(self, where: Filter | None = None, *, vectors: bool = False) -> Iterator[Point]:
        """Every point, in order of id, with its vectors; a folder takes no filter."""
        self.count(where)
        for row in self.rows():
            yield row.point if vectors else Point(row.point.id, row.point.payload)

    def rows(self) -> Iterator[Row]:
        """Every point with its thumbnail; raises ``StoreError`` at the first that is not as it was written."""
        for head in self.heads:
            path = shard_path(self.folder, head.number)
            for row in read_rows(path, self.record):
                _check_place(path, head.number, row.point.id, len(self.whole.contents))
                yield row

    def check(self, progress: Progress | None = None) -> None:
        """Read all of it; raises ``StoreError`` unless every byte is as it was written."""
        for _ in Telling(progress or nobody, "Checking shards", self.count()).of(self.rows()):
            pass


def remove_others(folder: Path, whole: Whole) -> None:
    """Take away the shards of another division, and what a killed run left; raises ``OSError``."""
    wanted = set(whole.wanted)
    for number, path in shards_in(folder).items():
        if number not in wanted:
            path.unlink()
    for path in folder.glob(".shard-*"):
        with suppress(FileNotFoundError):
            path.unlink()


def head_of(folder: Path, number: int) -> Head | None:
    """What a shard that is there says of itself; None where there is none, or one that cannot be read."""
    try:
        return read_head(shard_path(folder, number))
    except (FileNotFoundError, JewelryError):
        return None


def _check(path: Path, number: int, head: Head, whole: Whole) -> None:
    if not head.is_by(whole.record):
        raise StoreError(
            f"{path}: is by another model ({head.model[:12]}, not {whole.record.fingerprint[:12]}); "
            f"make it anew with: indexer embed {whole.catalog} {path.parent}"
        )
    if head.number != number or not whole.is_made_of(head):
        raise StoreError(
            f"{path}: is of another state of the catalog, or another shard's; "
            f"make it anew with: indexer embed {whole.catalog} {path.parent}"
        )


def _check_place(path: Path, number: int, identifier: str, shards: int) -> None:
    try:
        place = shard_of(identifier, shards)
    except ValueError:
        place = -1
    if place != number:
        raise StoreError(f"{path}: point {identifier} belongs to another shard; run indexer embed again")
