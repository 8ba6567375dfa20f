"""The file of a summary: its tables, its version, and how it is opened for writing and for reading."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from indexer.store.records import GenerationRecord

VERSION = 1
"""Raised whenever a table or what stands in it changes: a file of another version is as good as none."""
_APPLICATION = 0x6A73756D
"""Says in the file's header what it is (SQLite's application_id): "jsum"."""
_MAPPED = 256 * 1024 * 1024
"""Bytes that a reader maps into memory and so shares with the other processes, which keeps its own small."""

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE products (product TEXT PRIMARY KEY, photos INTEGER NOT NULL, first INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE uneven (field TEXT, product TEXT, PRIMARY KEY (field, product)) WITHOUT ROWID;
CREATE INDEX uneven_product ON uneven (product);
CREATE TABLE keys (key TEXT, product TEXT, PRIMARY KEY (key, product)) WITHOUT ROWID;
CREATE TABLE signs (kind TEXT, sign TEXT, often INTEGER NOT NULL, PRIMARY KEY (kind, sign)) WITHOUT ROWID;
CREATE TABLE words (folded TEXT, word TEXT, composed INTEGER, texts INTEGER NOT NULL,
    PRIMARY KEY (folded, word, composed)) WITHOUT ROWID;
CREATE TABLE held (field TEXT, value TEXT, photos INTEGER NOT NULL, PRIMARY KEY (field, value)) WITHOUT ROWID;
CREATE TABLE samples (field TEXT PRIMARY KEY, drawn TEXT NOT NULL) WITHOUT ROWID;
"""
"""``facts``: numbers and lists of the whole, as JSON. ``products``: how many photos each has, and how many of these are
of rank 0. ``uneven``: see `products`; ``keys`` and ``signs``: see `ids`; ``words``: see `words`; ``held`` and
``samples``: see `samples`."""


class Unusable(Exception):
    """A file that is no summary of this generation by this version, or is damaged: what it holds is found otherwise."""


def means(record: GenerationRecord) -> dict[str, str]:
    """What a summary depends on besides the points: as facts, by which a reader knows that it is of its generation."""
    table = {name: str(kind) for name, kind in record.field_table.items()}
    return {"fields": json.dumps(table, sort_keys=True), "unicode": json.dumps(unicodedata.unidata_version)}


@contextmanager
def writing_tables(path: Path, record: GenerationRecord, *, new: bool) -> Iterator[sqlite3.Connection]:
    """A summary's file to write to, new or a copy of another one; it is whole when the block has ended well.

    Nothing is done against a crash: until it is published, nobody reads it.

    Raises:
        OSError: the disk refuses.
        Unusable: the copy is of another version, of other fields, or damaged.
    """
    with _as_ours(path), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;")
        if new:
            connection.executescript(f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};")
            connection.executescript(_TABLES)
            write_facts(connection, means(record))
        else:
            _check(connection, record)
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def open_tables(path: Path, record: GenerationRecord) -> sqlite3.Connection:
    """A summary's file for reading, by any number of processes and threads; it never changes.

    Raises:
        Unusable: it is missing, of another version, of other fields, or damaged.
    """
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)
    except sqlite3.Error as error:
        raise Unusable(f"{path}: cannot be opened ({error})") from error
    try:
        connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
        _check(connection, record)
    except (sqlite3.Error, Unusable) as error:
        connection.close()
        raise Unusable(f"{path}: {error}") from error
    return connection


def _check(connection: sqlite3.Connection, record: GenerationRecord) -> None:
    numbers = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if numbers != [_APPLICATION, VERSION]:
        raise Unusable("is of another version")
    facts = dict(connection.execute("SELECT name, value FROM facts"))
    if {name: facts.get(name) for name in means(record)} != means(record):
        raise Unusable("is of other fields")


def write_facts(connection: sqlite3.Connection, facts: dict[str, str]) -> None:
    """Note facts, each as JSON; of one that is there already, the new value."""
    connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())


def read_facts(connection: sqlite3.Connection) -> dict[str, Any]:
    """All facts by name."""
    return {name: json.loads(value) for name, value in connection.execute("SELECT name, value FROM facts")}


@contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    """A disk that refuses is an ``OSError``, as from any file, and anything else is wrong with the file itself."""
    try:
        yield
    except sqlite3.Error as error:
        name = str(getattr(error, "sqlite_errorname", ""))
        number = errno.ENOSPC if name == "SQLITE_FULL" else errno.EIO
        if name == "SQLITE_FULL" or name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise OSError(number, os.strerror(number), str(path)) from error
        raise Unusable(f"{path}: {error}") from error
