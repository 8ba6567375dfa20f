"""What photos look like, kept on the disk: a later fit need not decode what an earlier one has looked at."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from indexer.photos.fingerprints import sha256
from indexer.photos.reading import READING
from trainer.data.groups.pictures import SIDE, Look, look_at

NAME = "looks.sqlite"
_TABLE = f"looks_{READING}_{SIDE}"
"""Named by all that makes another look of the same file."""
_AT_ONCE = 256
"""Photos that are written at once: what a killed run has lost at most. Fewer in all are not worth a file."""

_Row = tuple[bytes, bytes, bytes, bytes]


class LookCache:
    """Looks of photos by the digest of their files.

    May be shared among threads, and its process may be killed at any time. Where the file cannot be used, or is
    damaged, photos are looked at as if there were none.

    Args:
        folder: made when enough photos have come; None to remember nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / NAME
        self._lock = threading.Lock()
        self._rows: sqlite3.Connection | None = None
        self._waiting: list[_Row] = []

    def look_at(self, data: bytes) -> Look:
        """See `pictures.look_at`."""
        content = sha256(data)
        with self._lock:
            found = self._found(bytes.fromhex(content))
        if found is not None and len(found[2]) == 3 * SIDE * SIDE:
            pixels, value, thumbnail = found
            return Look(content, pixels.hex(), int.from_bytes(value), thumbnail)
        look = look_at(data)
        with self._lock:
            self._waiting.append(
                (bytes.fromhex(content), bytes.fromhex(look.pixels), look.hash.to_bytes(8), look.thumbnail)
            )
            if len(self._waiting) >= _AT_ONCE:
                self._write()
        return look

    def close(self) -> None:
        """Write down what is left, where there is a file."""
        with self._lock:
            if self._rows is not None:
                self._write()
            if self._rows is not None:
                self._rows.close()
                self._rows = None

    def _found(self, content: bytes) -> tuple[bytes, bytes, bytes] | None:
        if self._path is None or (self._rows is None and not self._path.exists()):
            return None
        try:
            rows = self._rows = self._rows or _connected(self._path)
            question = f"SELECT pixels, hash, thumbnail FROM {_TABLE} WHERE content = ?"  # noqa: S608 - a constant
            found: tuple[bytes, bytes, bytes] | None = rows.execute(question, (content,)).fetchone()
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
            return None
        return found

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            rows = self._rows = self._rows or _connected(self._path)
            with rows:
                rows.executemany(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?)", waiting)  # noqa: S608
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """A full disk, another user's folder, a damaged file: what is kept is no more than a help."""
        if self._rows is not None:
            with suppress(sqlite3.Error):
                self._rows.close()
            self._rows = None
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError) and self._path:
            with suppress(OSError):
                self._path.unlink()  # damaged: the next fit makes it anew
        self._path = None


def _connected(path: Path) -> sqlite3.Connection:
    rows = sqlite3.connect(path, check_same_thread=False, timeout=30)
    try:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=NORMAL")
        rows.execute(
            f"CREATE TABLE IF NOT EXISTS {_TABLE} (content BLOB PRIMARY KEY, pixels BLOB, hash BLOB, thumbnail BLOB)"
        )
    except sqlite3.DatabaseError as error:
        rows.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        path.unlink()  # damaged: it held nothing that cannot be made again
        return _connected(path)
    return rows
