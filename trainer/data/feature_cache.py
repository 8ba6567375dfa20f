"""Backbone features on the disk, by photo and view: what a network saw once it need not look at again."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_TABLE = """
CREATE TABLE IF NOT EXISTS features (
    photo BLOB, view INTEGER, vector BLOB NOT NULL, PRIMARY KEY (photo, view)
)
"""
_AT_ONCE = 256
"""Photos between two commits: what a killed run has lost at most."""


class FeatureCache:
    """Feature vectors of one backbone at one size, by the digest of a photo's file and the number of its view.

    May be shared among threads, and its process may be killed at any time. Where the file cannot be used, or is
    damaged, nothing fails: features are made anew, and ``trouble`` says why.

    Args:
        folder: made when the first vector comes; None to remember nothing.
        network: bytes that decide what a photo's features are: the exported backbone, and how views are drawn.
        width: numbers of a vector.
    """

    def __init__(self, folder: Path | None, network: Iterable[bytes], width: int) -> None:
        digest = hashlib.sha256()
        for part in network:
            digest.update(part)
        self._path = None if folder is None else folder / f"{digest.hexdigest()[:24]}.sqlite"
        self._width = width
        self._lock = threading.Lock()
        self._rows: sqlite3.Connection | None = None
        self._waiting = 0
        self.trouble: str | None = None

    def get(self, photo: bytes, views: range) -> dict[int, NDArray[np.float32]]:
        """What is known of a photo's views, float32 [width] each."""
        with self._lock:
            rows = self._open()
            if rows is None:
                return {}
            try:
                asked = (photo, views.start, views.stop)
                found = rows.execute(
                    "SELECT view, vector FROM features WHERE photo = ? AND view >= ? AND view < ?", asked
                ).fetchall()
            except sqlite3.Error as error:
                self._give_up(error)
                return {}
        vectors = {view: np.frombuffer(data, "<f4") for view, data in found}
        return {view: vector for view, vector in vectors.items() if len(vector) == self._width}

    def put(self, photo: bytes, vectors: dict[int, NDArray[np.float32]]) -> None:
        """Remember views of a photo."""
        with self._lock:
            rows = self._open()
            if rows is None:
                return
            try:
                rows.executemany(
                    "INSERT OR REPLACE INTO features VALUES (?, ?, ?)",
                    [(photo, view, vector.astype("<f4").tobytes()) for view, vector in vectors.items()],
                )
                self._waiting += 1
                if self._waiting >= _AT_ONCE:
                    rows.commit()
                    self._waiting = 0
            except sqlite3.Error as error:
                self._give_up(error)

    def close(self) -> None:
        """Write down what is left."""
        with self._lock:
            if self._rows is not None:
                with suppress(sqlite3.Error):
                    self._rows.commit()
                self._rows.close()
                self._rows = None

    def _open(self) -> sqlite3.Connection | None:
        if self._rows is None and self._path is not None and self.trouble is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._rows = self._connected(self._path)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)
        return self._rows

    def _connected(self, path: Path) -> sqlite3.Connection:
        rows = sqlite3.connect(path, check_same_thread=False, timeout=30)
        try:
            rows.execute("PRAGMA journal_mode=WAL")
            rows.execute("PRAGMA synchronous=NORMAL")
            rows.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            rows.close()
            if isinstance(error, sqlite3.OperationalError):
                raise
            path.unlink()  # damaged: it held nothing that cannot be made again
            return self._connected(path)
        return rows

    def _give_up(self, error: Exception) -> None:
        self.trouble = str(error)
        if self._rows is not None:
            with suppress(sqlite3.Error):
                self._rows.close()
            self._rows = None
