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
    tables = {name: content.pop(name, {}) for name in ("fields", "numbers", "ignore")}
    wrong = [*content, *(name for name, table in tables.items() if type(table) is not dict)]
    problems = [f"{name!r} is not known here; it holds tables: [fields], [numbers], [ignore]" for name in wrong]
    if wrong:
        raise CatalogError(f"{path}: {'; '.join(problems)}")
    fields, numbers, ignore = tables.values()
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
    if ignore or type(paths) is not list or not all(isinstance(one, str) and one.strip("/ ") for one in paths):
        problems.append('[ignore] holds one list, paths = ["archive/**", "*_back.jpg"]')
    if problems:
        raise CatalogError(f"{path}: {'; '.join(problems)}")
    return Settings(
        path,
        {name: FieldType(kind) for name, kind in types.items()},
        None if isinstance(decimal, dict) else decimal,
        decimal if isinstance(decimal, dict) else {},
        tuple(paths),
    )
