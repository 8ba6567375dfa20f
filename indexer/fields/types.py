"""The typed fields of a catalog: names, types, how a text becomes a value, and what is filterable."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from indexer.errors import CatalogError

FieldValue = str | float | bool | list[str]


class FieldType(StrEnum):
    """What a field holds. Numbers are always floats, so that no engine meets an int index with a 2.5 in it."""

    KEYWORD = "keyword"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TEXT = "text"


FieldTable = Mapping[str, FieldType]

BUILT_IN: FieldTable = {
    "product_id": FieldType.KEYWORD,
    "category": FieldType.KEYWORD,
    "predicted_category": FieldType.KEYWORD,
    "predicted_confidence": FieldType.NUMBER,
    "indexed_at": FieldType.DATE,
    "photo.sha256": FieldType.KEYWORD,
    "photo.pixel_sha256": FieldType.KEYWORD,
    "photo.phash": FieldType.KEYWORD,
    "photo.rank": FieldType.NUMBER,
    "photo.bytes": FieldType.NUMBER,
    "photo.width": FieldType.NUMBER,
    "photo.height": FieldType.NUMBER,
}
"""Fields every point has, whatever the manifest says."""

RESERVED = {"photo": "shop_photo", "predicted_category": "expected_category",
            "predicted_confidence": "confidence", "indexed_at": "listed_at", "co_viewed": "goes_with",
            "cluster": "group"}  # fmt: skip
"""Names the index writes itself, and what a manifest column could be called instead."""

KNOWN: FieldTable = {
    "title": FieldType.TEXT,
    "brand": FieldType.KEYWORD,
    "metal": FieldType.KEYWORD,
    "stone": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "currency": FieldType.KEYWORD,
    "in_stock": FieldType.BOOLEAN,
    "url": FieldType.KEYWORD,
    "role": FieldType.KEYWORD,
}
"""Columns whose type does not depend on what happens to stand in them."""

LIST_SEPARATOR = "|"
_NAME = re.compile(r"[^\W\d][\w-]*\Z")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
# What a column is taken for is narrower than what a number column accepts: leading zeros and 1E5 are article
# codes, and a 20-digit one would lose digits as a float.
_PLAIN_NUMBER = re.compile(r"[+-]?(?!\d{16})(0|[1-9]\d*)(\.\d+)?\Z", re.ASCII)
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d.*)?\Z", re.ASCII)
_TRUE, _FALSE = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}


def parse_number(text: str) -> float:
    """A finite float; raises ``ValueError`` for anything else, including ``nan``, ``inf`` and ``1_000``."""
    value = float(text) if _NUMBER.match(text) else math.nan
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def parse_boolean(text: str) -> bool:
    """``true/yes/y/1`` or ``false/no/n/0`` in any case; raises ``ValueError`` otherwise."""
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(text)


def parse_date(text: str) -> str:
    """An ISO 8601 date or date-time as RFC 3339 in UTC; a date alone is its midnight; no zone means UTC.

    Raises ``ValueError`` for anything else.
    """
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # the zone carries it out of the years 1 to 9999
        raise ValueError(text) from error
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def is_date_only(text: str) -> bool:
    """Whether the text names a whole day rather than a moment."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def cast(text: str, kind: FieldType) -> FieldValue:
    """Turn a manifest cell into a value of the field's type; raises ``ValueError`` when it does not fit."""
    if kind is FieldType.NUMBER:
        return parse_number(text)
    if kind is FieldType.BOOLEAN:
        return parse_boolean(text)
    if kind is FieldType.DATE:
        return parse_date(text)
    if kind is FieldType.KEYWORD and LIST_SEPARATOR in text:
        return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]
    return text


def infer_type(name: str, values: Iterable[str]) -> FieldType:
    """The narrowest type that fits every non-blank value of a column; a column of blanks is a keyword."""
    if name in KNOWN:
        return KNOWN[name]
    seen = {value for value in values if value}
    if not seen:
        return FieldType.KEYWORD
    if {value.lower() for value in seen} <= {"true", "false", "yes", "no"}:
        return FieldType.BOOLEAN
    if all(_PLAIN_NUMBER.match(value) for value in seen):
        return FieldType.NUMBER
    if all(_PLAIN_DATE.match(value) and _is_date(value) for value in seen):
        return FieldType.DATE
    return FieldType.KEYWORD


def _is_date(text: str) -> bool:
    try:
        parse_date(text)
    except ValueError:
        return False
    return True


def check_name(name: str, where: Path) -> None:
    """Refuse a column name the index could not store or filter by.

    Raises:
        CatalogError: the name is reserved or is no identifier; the message suggests another.
    """
    if name in RESERVED:
        raise CatalogError(
            f"{where}: column {name!r} is written by the index itself; rename it, e.g. to {RESERVED[name]!r}"
        )
    if not _NAME.match(name):
        suggestion = re.sub(r"\W+", "_", name).strip("_") or "column"
        if not _NAME.match(suggestion):
            suggestion = f"c_{suggestion}"
        suggestion = RESERVED.get(suggestion, suggestion)
        raise CatalogError(
            f"{where}: column {name!r} cannot be used in a filter; rename it, e.g. to {suggestion!r} "
            "(letters, digits, _ and -, not starting with a digit)"
        )


def read_overrides(folder: Path) -> dict[str, FieldType]:
    """Types set by hand in ``catalog.toml``: a table ``[fields]`` of ``name = "number"`` and the like.

    Raises:
        CatalogError: the file is not TOML, holds something else, or names a type there is not.
    """
    path = folder / "catalog.toml"
    if not path.is_file():
        return {}
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{path}: not valid TOML ({reason}); see docs/catalog.md for an example") from error
    table = content.pop("fields", {})
    if content or not isinstance(table, dict):
        wrong = next(iter(content), "fields")
        raise CatalogError(f"{path}: {wrong!r} is not known here; it holds one table, [fields]")
    return {name: _kind(path, name, kind) for name, kind in table.items()}


def _kind(path: Path, name: str, kind: object) -> FieldType:
    try:
        return FieldType(str(kind))
    except ValueError:
        raise CatalogError(
            f"{path}: field {name!r} has the unknown type {kind!r}; there are {', '.join(FieldType)}"
        ) from None
