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


class LookCache:
    """Looks of photos by the digest of their files.

    May be shared among threads, and its process may be killed at any time. Where the file cannot be used, or is
    damaged, photos are looked at as if there were none.

    Args:
        folder: made when the first photo comes; None to remember nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / NAME
        self._lock = threading.Lock()
        self._rows: sqlite3.Connection | None = None
        self._waiting = 0

    def look_at(self, data: bytes) -> Look:
        """See `pictures.look_at`."""
        content = sha256(data)
        with self._lock:
            found = self._ask("SELECT pixels, hash, thumbnail FROM looks WHERE content = ?", bytes.fromhex(content))
        if found and len(found[0][2]) == 3 * SIDE * SIDE:
            pixels, value, thumbnail = found[0]
            return Look(content, pixels.hex(), int.from_bytes(value), thumbnail)
        look = look_at(data)
        row = bytes.fromhex(content), bytes.fromhex(look.pixels), look.hash.to_bytes(8), look.thumbnail
        with self._lock:
            self._ask("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?)", *row)
            self._waiting += 1
            if self._waiting >= _AT_ONCE:
                self._commit()
        return look

    def close(self) -> None:
        """Write down what is left."""
        with self._lock:
            self._commit()
            if self._rows is not None:
                self._rows.close()
                self._rows = None

    def _ask(self, question: str, *values: bytes) -> list[tuple[bytes, bytes, bytes]]:
        if self._path is None:
            return []
        try:
            if self._rows is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._rows = _connected(self._path)
            return self._rows.execute(question.replace(" looks ", f" {_TABLE} "), values).fetchall()
        except (OSError, sqlite3.Error) as error:  # a full disk, another user's folder: it is no more than a help
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                with suppress(OSError):
                    self._path.unlink()  # damaged further on: the next fit makes it anew
            self._path = None
            return []

    def _commit(self) -> None:
        self._waiting = 0
        if self._rows is not None:
            with suppress(sqlite3.Error):
                self._rows.commit()


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
