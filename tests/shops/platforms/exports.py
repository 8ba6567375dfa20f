"""Exports of platforms, made by hand from what their documentation says a column means, beside the pictures they name.

In a test: ``from tests.shops.platforms.exports import export, said``. The files lie beside this one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from indexer.catalog.catalog_toml import Settings
from indexer.catalog.feeds.sheet import read_sheet
from indexer.catalog.products import Catalog
from indexer.catalog.tables.table import Sheet
from tests.shops.catalogs.catalog_folders import touch

FILES = Path(__file__).parent
_PICTURE = re.compile(r"[\w./-]+\.jpg")
_GONE = "gone.jpg"


def text_of(name: str) -> str:
    return (FILES / f"{name}.csv").read_text(encoding="utf-8")


def export(root: Path, name: str) -> Path:
    """The export as catalog.csv, with all its pictures but those that are called gone."""
    return written(root, text_of(name))


def written(root: Path, text: str) -> Path:
    names = {name.lstrip("/") for name in _PICTURE.findall(text)}
    touch(root, *(name for name in names if not name.endswith(_GONE)))
    (root / "catalog.csv").write_text(text, encoding="utf-8")
    return root


def sheet(root: Path, text: str) -> Sheet:
    """The rows that a manifest would have."""
    path = root / "catalog.csv"
    path.write_text(text, encoding="utf-8")
    return read_sheet(path, Settings(root / "catalog.toml"))


def said(catalog: Catalog, *fields: str) -> dict[str, tuple[Any, ...]]:
    """What the catalog says of each product in these fields, the category among them; None where it says nothing."""
    return {
        product.id: tuple(product.category if name == "category" else product.fields.get(name) for name in fields)
        for product in catalog.products
    }


def passed_over(catalog: Catalog) -> dict[str, tuple[int, str]]:
    return {one.what: (one.count, one.example) for one in catalog.passed_over}
