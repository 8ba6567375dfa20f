"""Small shops that are changed from outside between two syncs: rows of a manifest, photos in folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.interface import Index
from indexer.store.records import Point
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import write_tiny_model

HEADER = "product_id,image,category,price,in_stock"


class Shop:
    """A catalog, a model and an index under one folder; ``photos`` are drawn, each in its own colours.

    The index is in a folder where none is given. What no engine has a part in is asked of one in memory, which
    publishes in less time.
    """

    def __init__(self, root: Path, *photos: str, index: Index | None = None) -> None:
        self.catalog, self.index = root / "catalog", root / "index"
        self.opened = index or EmbeddedIndex(self.index)
        self.place: Path | Index = index or self.index
        self.model = write_tiny_model(root / "model", size=16)
        self.draw(*photos)

    def draw(self, *photos: str) -> Shop:
        """More photos; the name decides what is in it."""
        for name in photos:
            write_photo(self.catalog / name, seed=crc32(name.encode()), size=32)
        return self

    def rows(self, *rows: str, header: str = HEADER, end: str = "\n") -> Shop:
        """Replace the manifest."""
        (self.catalog / "catalog.csv").write_text("\n".join([header, *rows]) + end, encoding="utf-8")
        return self

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.catalog, self.model, self.place, **options)

    def points(self) -> dict[tuple[str, str], Point]:
        """What is in the index, by product and photo."""
        store = self.opened.read()
        try:
            return {(str(p.payload["product_id"]), p.payload["photo"]["path"]): p for p in store.scroll(vectors=True)}
        finally:
            store.close()

    def said(self, *fields: str) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Some fields of everything in the index."""
        return {key: tuple(point.payload.get(field) for field in fields) for key, point in self.points().items()}


def counts(report: SyncReport) -> dict[str, int]:
    return {name: number for name, number in report.photos.items() if number}


NOBODY = 65534


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Have no more rights than any user for a while: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except OSError as error:
        pytest.skip(f"this process may not give up its rights ({error.strerror})")
    try:
        yield
    finally:
        os.seteuid(0)
