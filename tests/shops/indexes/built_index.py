"""An index built directly: random unit vectors, one to five photos a product, every kind of field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.fields.identity import point_id
from indexer.fields.types import FieldType
from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.photos.colour.palette import COLOURS, colours_of, no_colours
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.interface import Index, Store
from indexer.store.records import GenerationRecord, Point
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import write_tiny_model

DIMENSION = 128
TABLE = {
    "title": FieldType.TEXT,
    "brand": FieldType.KEYWORD,
    "metal": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
    "in_stock": FieldType.BOOLEAN,
    "created": FieldType.DATE,
}
HOSTILE = '<script>alert("x")</script>\x1b[31m & "Ring"'
CATEGORIES = ("rings", "necklaces", "earrings", "watches")
Plain = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Built:
    """An index, and what is in it for a plain loop to look at."""

    index: EmbeddedIndex
    store: Store
    payloads: list[dict[str, Any]]
    vectors: NDArray[np.float32]

    @property
    def root(self) -> Path:
        return self.index.root


@dataclass(frozen=True)
class Photographed(Built):
    """An index of real photo files, embedded by a real (small) network."""

    catalog: Path
    model: Path
    colours: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, COLOURS), np.float32))
    """None in most indexes."""


def record(
    fingerprint: str = "f" * 64, model: str = "no-such-model", catalog: str = "no-such-catalog"
) -> GenerationRecord:
    return GenerationRecord(fingerprint, DIMENSION, TABLE, catalog, model, "2026-11-01T00:00:00Z")


def points(payloads: list[dict[str, Any]], vectors: NDArray[np.float32]) -> list[Point]:
    return [
        Point(point_id(p["product_id"], p["photo"]["path"]), p, vector)
        for p, vector in zip(payloads, vectors, strict=True)
    ]


def publish(index: Index, made: list[Point], of: GenerationRecord) -> None:
    """A new generation of these points; those that need colours and bring none have none in particular."""
    if of.colours:
        made = [p if p.colour_vector is not None else replace(p, colour_vector=no_colours()) for p in made]
    with index.write() as writer:
        draft = writer.draft(of, from_published=False)
        draft.upsert(made)
        draft.publish()


def unit_vectors(n: int, seed: int = 0) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def draw_payloads(products: int, seed: int = 0) -> list[dict[str, Any]]:
    """Payload of every photo; each product lacks some fields."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(products):
        product_id = f"P{number:03d}"
        optional: dict[str, Any] = {
            "title": " ".join(random.choice(["Pearl", "gold", "RING", "fine", "Étoile"], size=3)),
            "brand": str(random.choice(["Aurum", "Aurelia", "Bel|le", 'O"Neil', "a..b"])),
            "metal": [list(m) for m in (("gold",), ("silver",), ("gold", "silver"))][random.integers(3)],
            "price": float(random.integers(0, 12)) * 50,
            "in_stock": bool(random.integers(2)),
            "created": f"2026-01-{random.integers(1, 6):02d}T{random.choice(['00:00:00', '12:30:00', '23:59:59'])}Z",
            "category": str(random.choice(CATEGORIES)),
        }
        kept = {name: value for name, value in optional.items() if random.random() > 0.15}
        for rank in range(int(random.integers(1, 6))):
            photo = {"path": f"{product_id}/{rank}.jpg", "rank": float(rank), "width": 320.0}
            rows.append({"product_id": product_id, **kept, "photo": photo})
    return rows


def nearest_in_a_plain_loop(
    built: Built, queries: NDArray[np.float32], k: int, passes: Plain = lambda _: True, without: str | None = None
) -> list[tuple[str, float]]:
    """The judge: best cosine per product by numpy, best first, equal ones by product id."""
    scores = (built.vectors.astype(np.float64) @ queries.astype(np.float64).T).max(axis=1)
    best: dict[str, float] = {}
    for payload, score in zip(built.payloads, scores, strict=True):
        product = payload["product_id"]
        if passes(payload) and product != without:
            best[product] = max(best.get(product, -2.0), float(score))
    ranked = sorted(best.items(), key=lambda item: (-round(item[1], 8), item[0]))
    return ranked[:k]


def make_built(folder: Path) -> Built:
    """Sixty products; the vectors of two products are equal, photo by photo."""
    payloads = draw_payloads(60)
    vectors = unit_vectors(len(payloads))
    twins = [i for i, p in enumerate(payloads) if p["product_id"] in ("P010", "P020") and p["photo"]["rank"] == 0]
    vectors[twins[1]] = vectors[twins[0]]
    index = EmbeddedIndex(folder / "index")
    publish(index, points(payloads, vectors), record())
    return Built(index, index.read(), payloads, vectors)


def make_photographed(folder: Path) -> Photographed:
    """Twelve products with two photos each; the last product has no thumbnails and hostile texts."""
    model = load_model(write_tiny_model(folder / "model"))
    embedder, index = Embedder(model), EmbeddedIndex(folder / "index")
    payloads, rows, seen = [], [], []
    for number in range(12):
        for rank in range(2):
            path = write_photo(folder / "catalog" / f"P{number:03d}" / f"{rank}.png", seed=100 * number + rank)
            key = path.relative_to(folder / "catalog").as_posix()
            payload = {
                "product_id": f"P{number:03d}",
                "category": CATEGORIES[number % 4],
                "title": f"Ring No {number}" if number < 11 else HOSTILE,
                "price": 19.5 * number,
                "currency": "EUR",
                "in_stock": number % 2 == 0,
                "metal": ["gold", "silver"][: 1 + number % 2],
                "photo": {"path": key, "rank": float(rank), "sha256": sha256(path.read_bytes())},
            }
            if number < 11:
                ThumbnailStore(index.root).write(payload["photo"]["sha256"], open_image(path))
            payloads.append(payload)
            rows.append(embedder.embed([path])[0])
            seen.append(colours_of(embedder.prepare(path)))
    vectors, colours = np.stack(rows), np.stack(seen)
    of = replace(record(model.fingerprint, str(model.path), str(folder / "catalog")), colours=COLOURS)
    made = points(payloads, vectors)
    publish(index, [replace(p, colour_vector=row) for p, row in zip(made, colours, strict=True)], of)
    return Photographed(index, index.read(), payloads, vectors, folder / "catalog", model.path, colours)
