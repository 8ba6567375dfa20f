"""A small shop with everything in its payloads that engines have been seen to disagree about."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.fields.identity import point_id
from indexer.fields.types import FieldTable, FieldType
from indexer.store.records import Point
from tests.congruence.engines import DIMENSION

TABLE: FieldTable = {
    "title": FieldType.TEXT,
    "metal": FieldType.KEYWORD,
    "tags": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "in_stock": FieldType.BOOLEAN,
    "created": FieldType.DATE,
    "seller": FieldType.KEYWORD,
}
"""``seller`` is a field that no point has."""

ODD: list[dict[str, Any]] = [
    {},
    {"metal": None, "tags": [], "price": None, "in_stock": None, "created": None, "title": None},
    {"metal": "", "tags": "pavé", "price": -0.0, "in_stock": False, "created": "0001-01-01T00:00:00Z", "title": ""},
    {"metal": "золото", "tags": ["new", "new", "ä"], "price": 1e300, "title": "ЗОЛОТОЕ кольцо, ΣΟΦΟΣ İstanbul Straße"},
    {"metal": "Gold", "tags": ["", "New"], "price": 16777217.0, "title": "e\u0301tude ﬁne x² ½ 戒指 don't 💍"},
    {"metal": "gold ", "tags": ["💍", "rose|gold"], "price": 0.1, "created": "9999-12-31T23:59:59.999999Z"},
    {
        "metal": ["gold", "silver"],
        "price": -5.0,
        "created": "1969-12-31T23:59:59Z",
        "title": "rose-gold_ring perlé 14k",
    },
    {"metal": "go", "tags": ["a\u0000b", "line\nbreak", '"quoted"'], "created": "2026-01-01T12:00:00.123456Z"},
]
"""Missing, null and empty; empty text; other scripts; lists in a field of single values; the ends of the calendar."""

_METALS = ("gold", "silver", "rose gold", "platinum")
_TAGS = ("new", "sale", "gift", "vintage")
_CATEGORIES = ("rings", "earrings", "necklaces", "watches")
_STONES = ("pearl", "diamond", "ruby", "")


def vector(seed: int) -> NDArray[np.float32]:
    """A random direction, of unit length."""
    row = np.random.default_rng(seed).normal(size=DIMENSION)
    return (row / np.linalg.norm(row)).astype(np.float32)


def payload(number: int, rank: int = 0) -> dict[str, Any]:
    """An ordinary product's payload."""
    metal, category, stone = _METALS[number % 4], _CATEGORIES[number % 3], _STONES[number % 4]
    return {
        "product_id": f"P{number:03d}",
        "category": category,
        "title": f"{metal.title()} {category[:-1]} {'with ' + stone if stone else ''} No. {number}",
        "metal": metal,
        "tags": [tag for place, tag in enumerate(_TAGS) if number >> place & 1],
        "price": number * 12.5,
        "in_stock": number % 3 != 0,
        "created": f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}T00:00:00Z",
        "predicted_category": _CATEGORIES[(number + rank) % 4],
        "predicted_confidence": 0.5 + number / 100,
        "indexed_at": "2026-06-01T08:00:00Z",
        "photo": {"path": f"{category}/P{number:03d}/{rank}.jpg", "rank": float(rank), "width": 320.0 + number},
    }


def _points() -> list[Point]:
    points = []
    for number in range(32):
        for rank in range(1 + number % 3):  # products have one to three photos, each product's alike
            row = vector(number) + 0.5 * vector(1000 + 10 * number + rank)
            row /= np.linalg.norm(row)
            points.append(Point(point_id(f"P{number:03d}", str(rank)), payload(number, rank), row))
    for number, odd in enumerate(ODD):
        product = f"odd {number}"
        points.append(Point(point_id(product, "0"), {"product_id": product, **odd}, vector(2000 + number)))
    twin = vector(3000)  # equal vectors: their order is the engine's own
    points += [Point(point_id("twins", str(rank)), payload(50, rank), twin) for rank in range(3)]
    return points


POINTS = _points()
QUERIES = np.stack([vector(5), vector(3000), vector(9999)])
"""Near a product, near the twins, and near nothing."""
