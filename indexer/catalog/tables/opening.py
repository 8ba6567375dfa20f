"""One door to a file of rows: what it is, its first bytes say, whatever it is called."""

from __future__ import annotations

import codecs
from datetime import datetime
from itertools import islice
from pathlib import Path

from indexer.catalog.tables.jsonl import JsonLines
from indexer.catalog.tables.packed import opened
from indexer.catalog.tables.parquet import ParquetRows
from indexer.catalog.tables.records import table_of
from indexer.catalog.tables.spreadsheet import is_one, read_spreadsheet
from indexer.catalog.tables.table import Recognise, Table
from indexer.catalog.tables.xml_feed import XmlItems
from indexer.errors import CatalogError
from indexer.photos.kinds import HEAD, other_kind

_FEW = 20
_MARKED = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, "utf-8"))


def read_table(path: Path, recognise: Recognise, now: datetime) -> Table:
    """A table of comma, semicolon or tab separated text, JSON lines, Parquet or XML, packed with gzip or not.

    Args:
        recognise: see `Recognise`.
        now: see `Table`.

    Raises:
        CatalogError: it cannot be read, or is none of these.
        MissingExtra: the library that reads it is not installed.
    """
    records = _records(path)
    return read_spreadsheet(path, recognise, now) if records is None else table_of(path, records, now)


def has_first_row(path: Path, recognise: Recognise) -> bool:
    """Whether a file is a table whose columns are known, as far as its beginning shows."""
    try:
        records = _records(path)
        if records is None:
            return is_one(path, recognise)
        if isinstance(records, XmlItems):  # a feed without products, or a broken one, is one and is not passed over
            return records.is_feed()
        names = dict.fromkeys(name for record in islice(records, _FEW) for name in record.cells)
    except CatalogError:
        return False
    return recognise(list(names)) is not None


def _records(path: Path) -> JsonLines | ParquetRows | XmlItems | None:
    """Its records; None where it is a spreadsheet, or nothing that is known, as its reader will say."""
    with opened(path) as file:
        head = file.read(HEAD)
    if head.startswith(b"PAR1"):
        return ParquetRows(path)
    mark, encoding = next(((mark, name) for mark, name in _MARKED if head.startswith(mark)), (b"", "utf-8"))
    begins = head[len(mark) :].decode(encoding, "replace").lstrip()
    if begins.startswith("{"):
        return JsonLines(path)
    if begins.startswith("[") and begins[1:].lstrip()[:1] in ("{", "]"):
        raise CatalogError(
            f"{path}: is one JSON list; write one object a line, without brackets and commas around them"
        )
    return XmlItems(path) if begins.startswith("<") and other_kind(head) is None else None
