"""The text of a table: UTF-8 or UTF-16, with or without the mark that says which."""

from __future__ import annotations

import codecs
from pathlib import Path

from indexer.catalog.tables.packed import read_bytes
from indexer.errors import CatalogError
from indexer.photos.kinds import HEAD, other_kind, picture_kind

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")
"""How files of spreadsheets begin, the new ones as archives."""
_LOOKED_AT = 512
"""Bytes of the header from which UTF-16 without a mark is known: names of columns are ASCII, mostly."""


def read_text(path: Path) -> str:
    """The text of a file, packed or not; Excel's "Unicode text" is UTF-16, and others write that without a mark.

    Raises:
        CatalogError: it cannot be read, is empty, no text at all, or in another encoding, and then the message
            names line and byte.
    """
    data = read_bytes(path)
    if not data.strip():
        raise CatalogError(f"{path}: the file is empty; export it anew")
    if (what := _no_text(data[:HEAD])) is not None:
        raise CatalogError(f"{path}: not a text but {what}; export the table as 'CSV UTF-8'")
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", _unmarked(data)))
    data = data[len(mark) :]
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        what = f"not {encoding[:6].upper().rstrip('-')} (byte 0x{data[error.start]:02x})"
        advice = "save it as 'CSV UTF-8', not Latin-1" if encoding == "utf-8" else "it is damaged or cut; save it anew"
        raise CatalogError(f"{path}:{line}: {what}; {advice}") from error


def _no_text(head: bytes) -> str | None:
    if head.startswith(_WORKBOOKS):
        return "a workbook or an archive"
    picture = picture_kind(head)
    return other_kind(head) if picture is None else f"a picture ({picture})"


def _unmarked(data: bytes) -> str:
    start = data[:_LOOKED_AT]
    even, odd = start[::2].count(0), start[1::2].count(0)
    half = len(start) // 4  # of either kind of position, most are zero in ASCII written as UTF-16
    if odd > half > even:
        return "utf-16-le"
    return "utf-16-be" if even > half > odd else "utf-8"
