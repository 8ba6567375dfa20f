"""Reads catalog.toml, in which a shop sets by hand what cannot be found out: types, decimal signs, what to ignore."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from indexer.catalog.cells.numbers import Decimal
from indexer.errors import CatalogError
from indexer.fields.types import FieldType

NAME = "catalog.toml"


_TABLES = ("fields", "numbers", "ignore", "columns", "availability")
_LISTED = ", ".join(f"[{name}]" for name in _TABLES)


@dataclass(frozen=True, slots=True)
class Availability:
    """[availability]: the words of a shop for what is there and what is not, and how many pieces are enough."""

    in_stock: tuple[str, ...] = ()
    sold_out: tuple[str, ...] = ()
    least: float = 1.0
    """Pieces from which on a count is in stock."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What stands in catalog.toml; empty where there is none."""

    path: Path
    types: Mapping[str, FieldType] = field(default_factory=dict)
    """[fields]: the type of a column."""
    decimal: Decimal | None = None
    """[numbers] decimal = ",": the decimal sign of all columns."""
    decimals: Mapping[str, Decimal] = field(default_factory=dict)
    """[numbers] decimal = { price = "," }: that of some."""
    ignore: tuple[str, ...] = ()
    """[ignore] paths = ["archive/**"]: what is no part of the catalog, see `indexer.catalog.passed_over`."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """[columns] rename = { Artikel = "product_id" }: what columns are called here, by their names in the file."""
    unread: tuple[str, ...] = ()
    """[columns] ignore = ["internal"]: columns that are not read, by their names in the file."""
    availability: Availability | None = None
    """None where catalog.toml says nothing of it."""


def read_settings(folder: Path) -> Settings:
    """The settings beside a manifest.

    Raises:
        CatalogError: the file is not TOML, holds something else, or names an unknown type or sign: all of these are
            named.
    """
    path = folder / NAME
    if not path.is_file():
        return Settings(path)
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{path}: not valid TOML ({reason}); see docs/catalog.md for an example") from error
    says_availability = "availability" in content
    tables = {name: content.pop(name, {}) for name in _TABLES}
    wrong = [*content, *(name for name, table in tables.items() if type(table) is not dict)]
    problems = [f"{name!r} is not known here; it holds tables: {_LISTED}" for name in wrong]
    if wrong:
        raise CatalogError(f"{path}: {'; '.join(problems)}")
    fields, numbers, ignore, columns, availability = tables.values()
    types = {name: kind for name, kind in fields.items() if kind in tuple(FieldType)}
    problems += [
        f"field {name!r} has the unknown type {kind!r}; there are {', '.join(FieldType)}"
        for name, kind in fields.items()
        if name not in types
    ]
    decimal = numbers.pop("decimal", None)
    problems += [f"[numbers] has {name!r}, which is not known here; it holds decimal" for name in numbers]
    signs = decimal if isinstance(decimal, dict) else {} if decimal is None else {"decimal": decimal}
    problems += [
        f'{name!r} in [numbers] is {sign!r}; a decimal sign is "." or ","'
        for name, sign in signs.items()
        if sign not in get_args(Decimal)
    ]
    paths = ignore.pop("paths", [])
    if ignore or not _are_texts(paths) or not all(one.strip("/ ") for one in paths):
        problems.append('[ignore] holds one list, paths = ["archive/**", "*_back.jpg"]')
    problems += _problems_of_columns(columns) + _problems_of_availability(availability)
    if problems:
        raise CatalogError(f"{path}: {'; '.join(problems)}")
    return Settings(
        path,
        {name: FieldType(kind) for name, kind in types.items()},
        None if isinstance(decimal, dict) else decimal,
        decimal if isinstance(decimal, dict) else {},
        tuple(paths),
        columns.get("rename", {}),
        tuple(columns.get("ignore", [])),
        _availability(availability) if says_availability else None,
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _problems_of_columns(columns: Mapping[str, Any]) -> list[str]:
    rename = columns.get("rename", {})
    texts = isinstance(rename, dict) and all(isinstance(one, str) and one.strip() for one in rename.values())
    if columns.keys() <= {"rename", "ignore"} and texts and _are_texts(columns.get("ignore", [])):
        return []
    return ['[columns] holds rename = { "Artikel" = "product_id" } and ignore = ["internal"]']


def _problems_of_availability(said: Mapping[str, Any]) -> list[str]:
    least = said.get("least", 1)
    words = _are_texts(said.get("in_stock", [])) and _are_texts(said.get("sold_out", []))
    if said.keys() <= {"in_stock", "sold_out", "least"} and words and type(least) in (int, float):
        both = {word.casefold() for word in said.get("in_stock", [])} & {w.casefold() for w in said.get("sold_out", [])}
        return [f"[availability] has {word!r} in in_stock and in sold_out; it is one of them" for word in sorted(both)]
    return ['[availability] holds in_stock = ["lieferbar"], sold_out = ["ausverkauft"] and least = 1']


def _availability(said: Mapping[str, Any]) -> Availability:
    return Availability(tuple(said.get("in_stock", [])), tuple(said.get("sold_out", [])), float(said.get("least", 1)))
