"""A shop to which anything may happen between two syncs, and what an index of it may hold after one.

In a test: ``from tests.faults.syncs.any_shop import AnyShop, check_sameness``.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from indexer.fields.types import FieldType
from indexer.store.interface import Index
from indexer.store.records import Point
from indexer.sync.payload import catalog_part
from indexer.sync.report import SyncReport
from indexer.sync.run import sync

HEADER = "product_id,image,category,brand,carat"
KEYS = tuple(f"p/{number}.jpg" for number in range(7))
ANCHOR = "p/anchor.jpg"
BAD = ("list", "carat", "cells")
"""What may be wrong with a row: a category that is a list, a carat that is no number, a cell too many."""
_BEGINNING = 1_700_000_000 * 10**9


def _drawn(seed: int) -> bytes:
    fields = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(fields).resize((16, 16), Image.Resampling.NEAREST).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


CONTENTS = tuple(_drawn(seed) for seed in range(5))
"""Fewer than keys, so that photos share their bytes."""


@dataclass
class Row:
    """One row of the manifest."""

    product: str
    images: list[str]
    category: str = ""
    brand: str = ""
    carat: str = ""
    bad: str | None = None

    def text(self) -> str:
        """As the manifest has it."""
        category = "rings|pins" if self.bad == "list" else self.category
        carat = "n/a" if self.bad == "carat" else self.carat
        more = ",more,and more" if self.bad == "cells" else ""
        return f"{self.product},{'|'.join(self.images)},{category},{self.brand},{carat}{more}"


@dataclass
class AnyShop:
    """The catalog as it should be, and its files as they are."""

    catalog: Path
    model: Path
    index: Index
    rows: list[Row] = field(default_factory=list)
    moment: int = 0

    def __post_init__(self) -> None:
        (self.catalog / "p").mkdir(parents=True)
        self.put(ANCHOR, _drawn(99))
        self.rows.append(Row("anchor", [ANCHOR], "rings", "X", "1.5"))

    # ---- files -----------------------------------------------------------------------------------------------------

    def put(self, key: str, content: bytes) -> None:
        """Write a photo, at another time than any before."""
        path = self.catalog / key
        if path.is_symlink():
            path.unlink()
        path.write_bytes(content)
        self.touch(key)

    def touch(self, key: str) -> None:
        """Give a file a time of its own."""
        self.moment += 1
        os.utime(self.catalog / key, ns=(_BEGINNING, _BEGINNING + self.moment * 10**9))

    def hide(self, key: str) -> None:
        """What a share that is no longer mounted leaves of a link to it; the file waits elsewhere."""
        path = self.catalog / key
        if path.is_file() and not path.is_symlink():
            path.rename(self._away(key))
            path.symlink_to("not/mounted")

    def show(self, key: str) -> None:
        """The share is back."""
        if self.is_hidden(key):
            (self.catalog / key).unlink()
            self._away(key).rename(self.catalog / key)

    def is_hidden(self, key: str) -> bool:
        return (self.catalog / key).is_symlink()

    def remove(self, key: str) -> None:
        (self.catalog / key).unlink(missing_ok=True)

    def rename(self, key: str, other: str) -> None:
        """A file gets another name, in all rows too; what was there is gone."""
        if self.is_hidden(key) or not (self.catalog / key).exists() or key == other:
            return
        self.remove(other)
        (self.catalog / key).rename(self.catalog / other)
        for row in self.rows:
            row.images = [other if image == key else image for image in row.images if image != other]
        self.rows = [row for row in self.rows if row.images]

    def _away(self, key: str) -> Path:
        return self.catalog / ".away" / Path(key).name

    # ---- syncs -----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the manifest."""
        (self.catalog / ".away").mkdir(exist_ok=True)
        text = "\n".join([HEADER, *(row.text() for row in self.rows)])
        (self.catalog / "catalog.csv").write_text(text + "\n", encoding="utf-8")

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.catalog, self.model, self.index, workers=1, allow_removal=True, **options)


def content(index: Index) -> dict[tuple[str, str], Point]:
    """All that a reader sees, by product and photo; ``indexed_at`` is left out. Nothing where there is no index."""
    if index.current() is None:
        return {}
    with closing(index.read()) as store:
        points = list(store.scroll(vectors=True))
        assert store.count() == len(points)
    return {(p.payload["product_id"], p.payload["photo"]["path"]): _undated(p) for p in points}


def _undated(point: Point) -> Point:
    return replace(point, payload={name: value for name, value in point.payload.items() if name != "indexed_at"})


def same(first: dict[tuple[str, str], Point], second: dict[tuple[str, str], Point]) -> bool:
    """Whether two contents are equal: ids, payloads, vectors."""
    return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)


def _same(one: Point, other: Point) -> bool:
    assert one.vector is not None
    assert other.vector is not None
    return (one.id, one.payload) == (other.id, other.payload) and np.allclose(one.vector, other.vector, atol=1e-6)


def check_sameness(shop: AnyShop, before: dict[tuple[str, str], Point], report: SyncReport, fresh: Index) -> None:
    """After a sync: a fresh index of the same catalog, and exactly what the rejects name as kept.

    Args:
        shop: after the sync.
        before: what its index held before.
        report: of the sync.
        fresh: an index with the field table that the shop's had before, and no point.
    """
    after = content(shop.index)
    replaced = sync(shop.catalog, shop.model, fresh, workers=1, allow_removal=True)
    wanted = content(fresh)
    assert sorted(map(str, report.rejects)) == sorted(map(str, replaced.rejects))
    table, other = shop.index.record(), fresh.record()
    assert table is not None
    assert other is not None
    assert table.field_table == other.field_table
    assert same({key: after[key] for key in after.keys() & wanted.keys()}, wanted), _unlike(after, wanted)
    kept = {key: point for key, point in after.items() if key not in wanted}
    is_number = table.field_table.get("carat") is FieldType.NUMBER
    good = [row for row in shop.rows if row.bad is None or (row.bad == "carat" and not is_number)]
    expected = dict(_kept(shop, good, before, report, wanted))
    assert kept.keys() == expected.keys()
    for key, point in kept.items():
        was = expected[key]
        assert point.vector is not None
        assert was.vector is not None
        assert np.allclose(point.vector, was.vector, atol=1e-6)
        assert {**point.payload["photo"], "rank": 0} == {**was.payload["photo"], "rank": 0}
        heard = [row for row in good if any(os.path.lexists(shop.catalog / image) for image in row.images)]
        said = _said(heard, key, is_number)
        assert catalog_part(point.payload) == (catalog_part(was.payload) if said is None else said)


def _unlike(after: dict[tuple[str, str], Point], wanted: dict[tuple[str, str], Point]) -> str:
    lost = sorted(wanted.keys() - after.keys())
    other = [
        (key, after[key].payload, wanted[key].payload)
        for key in sorted(wanted.keys() & after.keys())
        if not _same(after[key], wanted[key])
    ]
    return f"missing: {lost}; other: {other}"


def _kept(
    shop: AnyShop,
    good: list[Row],
    before: dict[tuple[str, str], Point],
    report: SyncReport,
    wanted: dict[tuple[str, str], Point],
) -> Iterator[tuple[tuple[str, str], Point]]:
    """What the rejects say that is kept, with the point that it was before."""
    by_path = {path: point for (_, path), point in before.items()}
    named = {(row.product, key): row for row in shop.rows for key in row.images}
    told_of = {(row.product, key) for row in good for key in row.images}
    told = {reject.where: reject for reject in report.rejects}
    for (product, key), row in named.items():
        line = f"catalog.csv:{shop.rows.index(row) + 2}"
        if (product, key) in wanted or (line not in told and key not in told):
            continue
        if not os.path.lexists(shop.catalog / key):
            continue
        moved = [other for other in told_of if other[1] == key and other not in before and row not in good]
        if row in good and shop.is_hidden(key) and (product, key) not in before:
            if key in by_path:  # hidden, and another product's now: it goes along
                yield (product, key), by_path[key]
        elif not moved:
            # Where cells are out of place, nobody knows whose photo it is.
            whose = [one for one in before if one[1] == key] if row.bad == "cells" else [(product, key)]
            yield from ((one, before[one]) for one in whose if one in before and one not in wanted)


def _said(good: list[Row], key: tuple[str, str], is_number: bool) -> dict[str, Any] | None:
    """What the good rows of a product say of its photo; None where there is none."""
    rows = [row for row in good if row.product == key[0]]
    if not rows:
        return None
    found: dict[str, Any] = {"product_id": key[0]}
    for row in rows:
        carat = "n/a" if row.bad == "carat" else row.carat
        for name, value in (("category", row.category), ("brand", row.brand), ("carat", carat)):
            if value and name not in found:
                found[name] = float(value) if name == "carat" and is_number else value
    return found
