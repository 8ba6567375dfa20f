"""The columns of a manifest: which names there can be, and what type a column has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from indexer.catalog.passed_over import check_ignored
from indexer.errors import CatalogError
from indexer.fields.roles import RESERVED
from indexer.fields.types import FieldTable, FieldType, parse_date

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
_NAME = re.compile(r"[^\W\d][\w-]*\Z")
# What a column is taken for is narrower than what a number column accepts: leading zeros and 1E5 are article
# codes, and a 20-digit one would lose digits as a float.
_PLAIN_NUMBER = re.compile(r"[+-]?(?!\d{16})(0|[1-9]\d*)(\.\d+)?\Z", re.ASCII)
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d.*)?\Z", re.ASCII)


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
        CatalogError: the name is reserved or is not an identifier; the message suggests another.
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
        CatalogError: the file is not TOML, holds something else, or names an unknown type.
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
    check_ignored(path, content.pop("ignore", {}))
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
