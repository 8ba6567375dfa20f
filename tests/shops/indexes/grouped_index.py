"""A shop whose products are versions of one piece: groups of one to nine, some of which show the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.fields.types import FieldType
from indexer.store.interface import Index
from indexer.store.records import GenerationRecord
from tests.shops.indexes.both_engines import make_index
from tests.shops.indexes.built_index import points, publish, record, unit_vectors

TABLE = {
    "title": FieldType.TEXT,
    "metal": FieldType.KEYWORD,
    "brand": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "in_stock": FieldType.BOOLEAN,
    "group_id": FieldType.KEYWORD,
}
SIZES = (1, 2, 3, 9, 5, 4, 2, 6, 3, 1)
ALONE = 12
Passes = Callable[[dict[str, Any]], bool]


class Grouped:
    """The index, and what is in it for a plain loop to look at."""

    def __init__(self, index: Index, payloads: list[dict[str, Any]], vectors: NDArray[np.float32]) -> None:
        self.index, self.payloads, self.vectors = index, payloads, vectors

    def payload(self, product_id: str) -> dict[str, Any]:
        """Of the first photo of a product."""
        return next(payload for payload in self.payloads if payload["product_id"] == product_id)

    def vectors_of(self, product_id: str) -> NDArray[np.float32]:
        return self.vectors[[payload["product_id"] == product_id for payload in self.payloads]]

    def ranked(
        self, queries: NDArray[np.float32], passes: Passes = lambda _: True, boost: Passes | None = None
    ) -> list[tuple[str, float]]:
        """Products by their best photo that passes, with 0.3 for those that are boosted; equal ones by id."""
        cosines = np.round((self.vectors.astype(np.float64) @ queries.astype(np.float64).T).max(axis=1), 8)
        best: dict[str, float] = {}
        for payload, cosine in zip(self.payloads, cosines.tolist(), strict=True):
            if passes(payload):
                score = round(cosine + (0.3 if boost is not None and boost(payload) else 0.0), 8)
                best[payload["product_id"]] = max(best.get(payload["product_id"], -2.0), score)
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))

    def one_a_group(self, ranked: Sequence[tuple[str, float]], capped: str | None = None) -> list[tuple[str, float]]:
        """The best of each group, at most two with one value of the field that is capped; of equal ones in a group, the
        one in stock stands for it."""
        best: dict[tuple[str, str], tuple[float, bool, str]] = {}
        for product, score in ranked:
            payload = self.payload(product)
            place = unit_of(payload), str(payload[capped]) if capped else ""
            key = -score, "group_id" in payload and not payload["in_stock"], product
            best[place] = min(best.get(place, key), key)
        there: set[str] = set()
        counts: dict[str, int] = {}
        found = []
        for (unit, value), (score, _, product) in sorted(best.items(), key=lambda item: (item[1][0], item[1][2])):
            if unit not in there and (not value or counts.get(value, 0) < 2):
                there.add(unit)
                counts[value] = counts.get(value, 0) + 1
                found.append((product, -score))
        return found

    def versions(self, product_id: str, passes: Passes = lambda _: True) -> list[str]:
        """The products of a product's group that pass, the product itself first."""
        unit = unit_of(self.payload(product_id))
        others = {p["product_id"] for p in self.payloads if unit_of(p) == unit and passes(p)} - {product_id}
        return [product_id, *sorted(others)]


def unit_of(payload: dict[str, Any]) -> str:
    """The group of a product, or the product."""
    return f"group {payload['group_id']}" if "group_id" in payload else f"product {payload['product_id']}"


def draw(seed: int = 0) -> tuple[list[dict[str, Any]], NDArray[np.float32]]:
    """Payloads and vectors of every photo: the versions of every other piece show the same three pictures."""
    random = np.random.default_rng(seed)
    payloads: list[dict[str, Any]] = []
    rows: list[NDArray[np.float32]] = []
    sizes = [*SIZES, *([0] * ALONE)]
    number = 0
    for piece, versions in enumerate(sizes):
        own = unit_vectors(3, seed=1000 * seed + piece)
        brand = str(random.choice(["Aurum", "Bel", "Cor"]))
        for version in range(max(1, versions)):
            fields: dict[str, Any] = {
                "title": f"Ring number {piece}",
                "category": ("rings", "bracelets")[piece % 2],
                "brand": brand,
                "metal": ("gold", "silver", "rose gold")[int(random.integers(3))],
                "price": float(random.integers(1, 9)) * 50,
                "in_stock": bool(random.integers(2)),
            }
            if versions:
                fields["group_id"] = f"G{piece:02d}"
            shares = piece % 2 == 0
            turn = random.normal(size=own.shape).astype(np.float32) * (0.0 if shares else 0.05)
            seen = own + turn
            for rank in range(3 if shares else 1 + version % 3):
                row = seen[rank] / np.linalg.norm(seen[rank])
                key = f"piece{piece}/{rank}.jpg" if shares else f"piece{piece}/{version}-{rank}.jpg"
                photo = {"path": key, "rank": float(rank), "sha256": f"{hash_of(key):064x}"}
                payloads.append({"product_id": f"S{number:03d}", **fields, "photo": photo})
                rows.append(row)
            number += 1
    order = random.permutation(len(payloads))
    return [payloads[place] for place in order], np.stack(rows)[order].astype(np.float32)


def hash_of(key: str) -> int:
    """A number that is the same for the same name in every process."""
    return int.from_bytes(key.encode().rjust(32, b"\0")[-32:], "big")


def grouped_record() -> GenerationRecord:
    """A record with the fields of the shop."""
    plain = record()
    return GenerationRecord(
        plain.fingerprint, plain.dimension, TABLE, plain.catalog_root, plain.model_path, plain.created_at
    )


def make_grouped(engine: str, folder: Path, seed: int = 0) -> Grouped:
    """An index of an engine that holds the shop."""
    payloads, vectors = draw(seed)
    index = make_index(engine, folder)
    publish(index, points(payloads, vectors), grouped_record())
    return Grouped(index, payloads, vectors)
