"""Where things lie in an embedded index: the published number, the generations, their records."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from indexer.errors import StoreDamaged, StoreError
from indexer.store.records import OPENED, SCHEMA_VERSION, GenerationRecord
from indexer.system.files import replace_text, writing
from indexer.system.scratch import remove_abandoned

RECORD, SHARD = "generation.json", "shard"
_BUILDING = ".building"
SALVAGED = ".salvage-"
"""How folders begin in which a repair opens a copy."""


class Layout:
    """The folders and files of an index.

    <index>/CURRENT                          the published generation's number
    <index>/LOCK                             held by the one writer, names it
    <index>/generations/<n>/generation.json  what it was built from
    <index>/generations/<n>/shard/           a Qdrant Edge shard, never changed after publication
    <index>/generations/<n>.building/        the next one, while it is written
    <index>/thumbnails/ · <index>/work/      pictures for answers; embeddings not yet published
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = root / "LOCK"
        self.generations = root / "generations"
        self._current = root / "CURRENT"

    def generation(self, number: int) -> Path:
        """The folder of a complete generation."""
        return self.generations / str(number)

    def building(self, number: int) -> Path:
        """The folder of a generation that is being written, or removed."""
        return self.generations / f"{number}{_BUILDING}"

    def record(self, number: int) -> GenerationRecord:
        """What a generation was built from; raises ``StoreError``, see `read_record`."""
        try:
            return read_record(self.generation(number) / RECORD)
        except StoreDamaged as error:
            raise StoreDamaged(error.what, self.repair) from error

    @property
    def repair(self) -> str:
        """What to do about damage; the words that end a message. What lies beside the generations is kept by it."""
        what = f"repair it with: indexer sync CATALOG --index {self.root}"
        return f"{what} (and keep the folder: decisions and reports are in it)"

    def current(self) -> int | None:
        """The published number; reads one small file.

        Raises:
            StoreDamaged: it says nothing, or is lost where there are generations.
            StoreError: this user may not read it.
        """
        try:
            number = int(self._current.read_text(encoding="ascii"))
        except (FileNotFoundError, NotADirectoryError):  # also where a file is in the way: nothing is published there
            if not self.numbers():
                return None
            what = "is missing"
        except PermissionError as error:
            raise may_not_be_read(self._current) from error
        except (OSError, ValueError):
            what = "cannot be read"
        else:
            if number > 0:
                return number
            what = "cannot be read"
        there = ", ".join(map(str, self.numbers()))
        damage = f"{self._current}: is damaged: it {what}"
        if not there:
            raise StoreDamaged(damage, f"no generation is there; {self.repair}")
        raise StoreDamaged(
            damage,
            f"generation {there} is there; publish the newest again with: indexer rollback --index {self.root}, or by "
            "a sync (and keep the folder: decisions and reports are in it)",
        )

    def last_published(self) -> int:
        """`current`, and 0 where there is none or it cannot be said."""
        try:
            return self.current() or 0
        except StoreDamaged:
            return 0

    def mark(self) -> str | None:
        """The published number with file numbers and times, which no other publication shares; see `Index.mark`."""
        number = self.current()
        if number is None:
            return None
        return f"{number} {_identity(self._current)} {_identity(self.generation(number) / RECORD)}"

    def publish(self, number: int) -> None:
        """Let readers see a complete generation, atomically."""
        with writing(self.root):
            replace_text(self._current, f"{number}\n")

    def numbers(self) -> list[int]:
        """Complete generations on disk, oldest first; raises ``StoreError`` where this user may not look."""
        folder = self.generations
        try:
            return sorted(int(p.name) for p in folder.iterdir() if p.name.isdecimal()) if folder.is_dir() else []
        except PermissionError as error:
            raise may_not_be_read(folder) from error

    def next_number(self) -> int:
        """The number of the generation to come: higher than any there is, rolled back from or not."""
        return max([*self.numbers(), self.last_published()]) + 1

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove generations."""
        with writing(self.root):
            for number in list(numbers):  # renamed first: half a generation must not look like a whole one
                leaving = self.generation(number).rename(self.building(number))
                shutil.rmtree(leaving, ignore_errors=True)

    def remove_unfinished(self) -> None:
        """Remove what a writer that died left: its embeddings are in the journal, its shard is not to be trusted."""
        for left_over in self.generations.glob(f"*{_BUILDING}"):
            shutil.rmtree(left_over)
        for prefix in (OPENED, SALVAGED):
            remove_abandoned(self.root, prefix)


def _identity(path: Path) -> str:
    """Of a file that is replaced and never written to: another file of the same name has another one."""
    try:
        stat = path.stat()
    except OSError:
        return "gone"
    return f"{stat.st_dev}:{stat.st_ino}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def may_not_be_read(path: Path) -> StoreError:
    """What a user is told who lacks the right: nothing is damaged, and a sync repairs nothing."""
    return StoreError(f"{path}: this user may not read it; let it read all of the index")


def read_content(path: Path) -> dict[str, Any]:
    """What stands in a generation.json.

    Raises:
        StoreDamaged: it is missing, or no longer what was written.
        StoreError: this user may not read it.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds something else")
    except PermissionError as error:
        raise may_not_be_read(path) from error
    except (OSError, ValueError) as error:
        what = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise StoreDamaged(f"{path.parent}: is damaged: its {path.name} {what}") from error
    return content


def read_record(path: Path) -> GenerationRecord:
    """Read a generation.json; raises as `read_content` does, and ``StoreError`` when it is of a newer schema."""
    content = read_content(path)
    try:
        record = GenerationRecord.from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreDamaged(f"{path.parent}: is damaged: its {path.name} cannot be read") from error
    if record.schema_version > SCHEMA_VERSION:
        raise StoreError(f"{path}: index schema {record.schema_version} is newer than this version's; upgrade")
    return record


def write_record(path: Path, record: GenerationRecord, **facts: Any) -> None:
    """Write a generation.json, with what else is known of the generation; raises ``OSError``."""
    content = {**record.to_json(), **facts}
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
