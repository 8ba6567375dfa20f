"""A catalog of 100,000 sketched photos, one in fifty of them a copy: for measurements of size.

    python -m tests.bench.duplicates.large_catalog FOLDER [PHOTOS]

Designs come in five products each (metals and stones), one photo a product, each with its own ground, place and light.
A copy is encoded again, scaled, or cut to 90 % of the area or more; ``truth.csv`` names its source. Killed, it goes on
where it stopped.
"""

from __future__ import annotations

import csv
import io
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from indexer.sample_catalog.writer import WORKER_ENVIRONMENT, environment
from indexer.system.machine import cores
from tests.bench.duplicates.sketches import CATEGORIES, METALS, SIDE, STONES, Sketch, draw

PRODUCTS_A_DESIGN = 5
ORIGINALS_A_COPY = 49
"""2 % of all photos are copies."""
CHUNK = 200


def sketch(number: int) -> Sketch:
    """The product of this number."""
    design, product = divmod(number, PRODUCTS_A_DESIGN)
    rng = np.random.default_rng([design, 3])
    looks = rng.permutation(len(METALS) * len(STONES))[:PRODUCTS_A_DESIGN]
    metal, stone = divmod(int(looks[product]), len(STONES))
    return Sketch(CATEGORIES[design % len(CATEGORIES)], design, metal, stone, number)


def names(number: int) -> tuple[str, str]:
    """Product id and category of a product."""
    return f"S{number:06d}", sketch(number).category


def draw_chunk(folder: Path, numbers: range) -> None:
    """Photos of some products, and the copies of some of them."""
    for number in numbers:
        product, category = names(number)
        home = folder / category
        if (home / f"{product}.jpg").exists():
            continue
        home.mkdir(parents=True, exist_ok=True)
        data = _jpeg(draw(sketch(number)), 90)
        if number % ORIGINALS_A_COPY == 0:
            rng = np.random.default_rng([number, 4])
            (home / f"{product}-copy.jpg").write_bytes(_copy(Image.open(io.BytesIO(data)), rng))
        (home / f"{product}.jpg").write_bytes(data)


def _copy(photo: Image.Image, rng: np.random.Generator) -> bytes:
    kind = int(rng.integers(3))
    if kind == 1:
        side = round(SIDE * float(rng.uniform(0.6, 1.6)))
        photo = photo.resize((side, side), Image.Resampling.LANCZOS)
    if kind == 2:
        width, height = (round(SIDE * float(rng.uniform(0.95, 0.99))) for _ in range(2))
        left, top = int(rng.integers(SIDE - width + 1)), int(rng.integers(SIDE - height + 1))
        photo = photo.crop((left, top, left + width, top + height))
    return _jpeg(photo, int(rng.integers(60, 86)))


def _jpeg(photo: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=quality)
    return file.getvalue()


def write(folder: Path, photos: int = 100_000) -> None:
    """Draw it; write ``catalog.csv`` (product_id, image, category, price) and ``truth.csv`` (copy, source)."""
    originals = photos * ORIGINALS_A_COPY // (ORIGINALS_A_COPY + 1)
    chunks = [range(start, min(originals, start + CHUNK)) for start in range(0, originals, CHUNK)]
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool, environment(WORKER_ENVIRONMENT):
        for done, _ in enumerate(pool.map(draw_chunk, [folder] * len(chunks), chunks)):
            if done % 50 == 0:
                print(f"{done * CHUNK} of {originals} products", flush=True)
    rows, truth = [], []
    for number in range(originals):
        product, category = names(number)
        rows.append((product, f"{category}/{product}.jpg", category, 100 + number % 900))
        if number % ORIGINALS_A_COPY == 0:
            rows.append((f"{product}-copy", f"{category}/{product}-copy.jpg", category, 100 + number % 900))
            truth.append((f"{product}-copy", product))
    _write(folder / "catalog.csv", ("product_id", "image", "category", "price"), rows)
    _write(folder / "truth.csv", ("copy", "source"), truth)


def _write(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
