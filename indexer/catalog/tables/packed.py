"""The bytes of a table, packed with gzip or not, in bounded memory and never without end."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from indexer.errors import CatalogError
from indexer.system.regular import open_regular

_MAGIC = b"\x1f\x8b"
_RATIO = 250
"""Times as large as packed that a table may become: lists of products become 5 to 50 times as large."""
ALWAYS = 64 * 1024 * 1024
"""Bytes that it may have in any case."""
_MOST = 4 * 1024 * 1024 * 1024
"""Bytes that it may not have in any case: a text is held as a whole."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """What a file holds, unpacked if it is packed, whatever it is called.

    Raises:
        CatalogError: it cannot be read; while it is read, that it is damaged, cut, or unpacks to far more than a table.
    """
    try:
        with open_regular(path) as file:
            packed = file.read(len(_MAGIC)) == _MAGIC
            file.seek(0)
            yield io.BufferedReader(_Unpacked(path, file)) if packed else file
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error})") from error


def read_bytes(path: Path) -> bytes:
    """All of it, see `opened`."""
    with opened(path) as file:
        return file.read()


class _Unpacked(io.RawIOBase):
    def __init__(self, path: Path, file: BinaryIO) -> None:
        super().__init__()
        self._path, self._unpacked = path, gzip.GzipFile(fileobj=file, mode="rb")
        self._packed = path.stat().st_size
        self._most = self._left = min(max(ALWAYS, self._packed * _RATIO), _MOST)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._unpacked.read(len(buffer))
        except EOFError:
            raise CatalogError(f"{self._path}: the file is cut, its archive ends too early; send all of it") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise CatalogError(f"{self._path}: its archive is damaged ({error}); pack and send it anew") from error
        self._left -= len(data)
        if self._left < 0:
            raise CatalogError(
                f"{self._path}: unpacks from {self._packed:,} to more than {self._most:,} bytes, which no table does; "
                "if it is one, unpack it yourself"
            )
        buffer[: len(data)] = data
        return len(data)
