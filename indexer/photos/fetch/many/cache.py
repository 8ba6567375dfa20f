"""Photos fetched from URLs, on this machine's disk: their bytes while there is room, and what is known of them."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.photos.fetch.many.kept import LIMIT, kept_in
from indexer.photos.fingerprints import sha256
from indexer.system.files import replacing

_LEFT = 0.9
"""The part of the limit that is left after the oldest photos went."""

_TABLE = """
CREATE TABLE IF NOT EXISTS photos (
    url TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL,
    etag TEXT, modified TEXT, kept INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a photo: what the index calls its size and time, its content, and what a server calls it.

    ``kept`` says whether its bytes are on the disk.
    """

    url: str
    size: int
    mtime_ns: int
    sha256: str
    etag: str | None
    modified: str | None
    kept: bool = True


class Cache:
    """Photos by URL in a folder; may be shared among threads, and its process may be killed at any time.

    Where the folder cannot be used, everything is forgotten in the end, and nothing fails: ``trouble`` says why. What
    is damaged is as if it had never been there: a photo's bytes are compared with its digest.

    Args:
        folder: made when the first photo comes; None to remember for as long as this object lives and to keep no bytes.
        limit: bytes of photos that are kept; the oldest go first, and what is known of them stays.
        writing: whether anything is written; what is there is used without, too.
    """

    def __init__(self, folder: Path | None, limit: int = LIMIT, *, writing: bool = True) -> None:
        self._folder, self._limit, self._writing = folder, limit, writing and folder is not None
        self._lock = threading.Lock()
        self._new: dict[str, Known] = {}
        """What could not be written down."""
        self._rows: sqlite3.Connection | None = None
        self._opened = False
        self._bytes = 0
        self.trouble: str | None = None

    def known(self, url: str) -> Known | None:
        """What is known of a photo, if anything."""
        with self._lock:
            if (found := self._new.get(url)) is not None:
                return found
            try:
                rows = self._database(make=False)
                row = None if rows is None else rows.execute("SELECT * FROM photos WHERE url = ?", (url,)).fetchone()
            except sqlite3.Error as error:
                self._give_up(error)
                return None
        if row is None:
            return None
        url, size, mtime_ns, digest, etag, modified, kept, _ = row
        return Known(url, size, mtime_ns, digest, etag, modified, bool(kept))

    def bytes_of(self, known: Known) -> bytes | None:
        """A photo's bytes; None where they are not kept, or are others than they were."""
        if self._folder is None or not known.kept:
            return None
        try:
            data = kept_in(self._folder, known.url).read_bytes()
        except OSError:
            return None
        return data if len(data) == known.size and sha256(data) == known.sha256 else None

    def put(self, known: Known, data: bytes | None) -> None:
        """Take note of a photo, and keep its bytes, where they are given; without, what is kept of it stays."""
        kept = self._keep(known.url, data) if data is not None else known.kept
        known = replace(known, kept=kept)
        with self._lock:
            if self._writing:
                try:
                    rows = self._database(make=True)
                    if rows is not None:
                        rows.execute(
                            "INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                            (*(getattr(known, name) for name in known.__slots__), time.time()),
                        )
                        self._new.pop(known.url, None)
                        self._make_room(rows, len(data) if data is not None and kept else 0)
                        return
                except (sqlite3.Error, OSError) as error:
                    self._give_up(error)
            self._new[known.url] = known

    def close(self) -> None:
        """Let go of the file that says what is known."""
        with self._lock:
            if self._rows is not None:
                with suppress(sqlite3.Error):
                    self._rows.close()
            self._rows, self._opened, self._writing = None, True, False  # a late thread opens nothing again

    def _keep(self, url: str, data: bytes) -> bool:
        """Write a photo's bytes; whether they are there now."""
        if self._folder is None or not self._writing or len(data) > self._limit:
            return False
        path = kept_in(self._folder, url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, durable=False) as file:
                file.write(data)
        except OSError as error:
            with self._lock:
                self._give_up(error)
            return False
        return True

    def _database(self, *, make: bool) -> sqlite3.Connection | None:
        """The file that says what is known; None where there is none."""
        if self._folder is None or (self._opened and (self._rows is not None or not make)):
            return self._rows
        path = self._folder / "photos.sqlite"
        self._opened = True
        if not make and not path.is_file():
            return None
        if make:
            self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._rows = self._connect(path)
        except sqlite3.DatabaseError as error:
            if not self._remove_damaged(error):
                raise
            self._rows = self._connect(path)
        return self._rows

    def _remove_damaged(self, error: Exception) -> bool:
        """Remove a file that is no database any more: it only saves work."""
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if not (damaged and self._writing and self._folder is not None):
            return False
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        for path in self._folder.glob("photos.sqlite*"):
            with suppress(OSError):
                path.unlink()
        return True

    def _connect(self, path: Path) -> sqlite3.Connection:
        if not self._writing:
            rows = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            rows.execute("SELECT kept FROM photos LIMIT 1").fetchone()
            return rows
        rows = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        try:
            rows.execute("PRAGMA journal_mode=PERSIST").fetchone()  # a write-ahead log does not work on every share
            rows.execute("PRAGMA synchronous=OFF")  # a power cut may cost what is known, and then photos are fetched
            rows.execute(_TABLE)
            (self._bytes,) = rows.execute("SELECT coalesce(sum(size), 0) FROM photos WHERE kept").fetchone()
        except BaseException:
            rows.close()
            raise
        return rows

    def _make_room(self, rows: sqlite3.Connection, added: int) -> None:
        """Let the oldest photos go, where there are too many bytes."""
        self._bytes += added
        if self._bytes <= self._limit:
            return
        assert self._folder is not None  # noqa: S101
        (left,) = rows.execute("SELECT coalesce(sum(size), 0) FROM photos WHERE kept").fetchone()
        gone = []
        for url, size in rows.execute("SELECT url, size FROM photos WHERE kept ORDER BY at"):
            if left <= _LEFT * self._limit:
                break
            with suppress(OSError):
                kept_in(self._folder, url).unlink()
            gone.append((url,))
            left -= size
        rows.execute("BEGIN")
        rows.executemany("UPDATE photos SET kept = 0 WHERE url = ?", gone)
        rows.execute("COMMIT")
        self._bytes = left

    def _give_up(self, error: Exception) -> None:
        """Write nothing from now on."""
        self._remove_damaged(error)
        self._writing = False
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self.trouble = self.trouble or reason
