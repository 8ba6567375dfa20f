"""The labelled photos on which duplicate detection is calibrated and judged: drawn, edited, or real, each a product.

python -m tests.bench.duplicates.dataset FOLDER [PRODUCTS]

FOLDER/truth.csv                      one row per photo: ``Labelled``
FOLDER/calibration/catalog.csv        a catalog as ``indexer sync`` reads it, and its photos
FOLDER/test/catalog.csv               the same, of other designs
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from indexer.sample_catalog import Product, draw_photo, draw_products, photo_views
from indexer.sample_catalog.writer import WORKER_ENVIRONMENT, environment
from indexer.system.machine import cores
from searcher.insights.duplicates.edits.edits import EDITS, STRENGTHS, edit
from tests.bench.duplicates.hard_negatives import hard_negatives

SPLITS = ("calibration", "test")
HELD_OUT = "screenshot"
"""The family of edits that the calibration split does not have: what shops will do next is in no list."""
CALIBRATED = tuple(family for family in EDITS if family != HELD_OUT)
QUALITY = 90
SEED = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is true of one photo."""

    key: str
    """Its id, and its product's in the catalog: every photo is a product of its own there."""
    split: str
    path: str
    """Under the folder of its split."""
    category: str
    role: str
    """``base``, ``edit``, a kind of hard negative, ``drawn`` or ``real`` (both easy distractors)."""
    edit: str
    """Family of the edit, or empty."""
    strength: int
    """0, 1 or 2; -1 for what is not an edit."""
    base: str
    """Key of the base photo that this one was made for; its own key for a distractor. Bootstraps draw these."""
    picture: str
    """Photos with the same value show the same picture, edited or not."""
    piece: str
    """Photos with the same value show the same product."""
    design: str
    """Photos with the same value show one design; of a real photo, near-copies share it."""


def truth(first: Labelled, second: Labelled) -> str:
    """What two photos are to each other: ``copy``, ``other_photo``, ``variant``, ``different`` or ``ignore``.

    ``ignore`` are real photos of one group of near-copies: which of them are copies of which, nobody has written down.
    """
    if first.picture == second.picture:
        return "copy"
    if first.role == "real" and first.design == second.design:
        return "ignore"
    if first.piece == second.piece:
        return "other_photo"
    return "variant" if first.design == second.design else "different"


def write_dataset(
    folder: Path,
    *,
    products: int = 720,
    edits: tuple[int, int] = (6, 1),
    drawn: int = 1700,
    size: int = 256,
    real: Path | None = None,
    seed: int = SEED,
) -> list[Labelled]:
    """Draw and edit all photos into an empty folder; the same arguments give the same photos.

    Of each of ``products`` designs there are one base photo, edited copies (``edits`` says how many in each split;
    families and strengths in turn) and the hard negatives that apply; besides, one photo each of ``drawn`` other
    designs and the photos of a real catalog (the folder of a catalog.csv with near_group). One half of the designs is
    for calibration, where more copies teach more, one for tests, where ten distractors stand beside each copy.
    """
    firsts = [product for product in draw_products(3 * (products + drawn), seed) if not product.variant_of]
    firsts = firsts[: products + drawn]
    splits = split_designs(firsts[:products], seed) + split_designs(firsts[products:], seed)
    plans = []
    counts: Counter[str] = Counter()
    for number, (product, split) in enumerate(zip(firsts, splits, strict=True)):
        cells = []
        if number < products:
            copies = edits[SPLITS.index(split)]
            cells = [cell(split, counts[split] + turn) for turn in range(copies)]
            counts[split] += copies
        plans.append((product, split, cells, number < products))
    for split in SPLITS:
        (folder / split).mkdir(parents=True)
    rows = [row for found in in_parallel(partial(write_design, folder, size), plans) for row in found]
    if real is not None:
        rows += copy_real(real, folder, seed)
    write_tables(folder, rows)
    return rows


def split_designs(products: list[Product], seed: int) -> list[str]:
    """A split for each design: half of each category, by chance, because families of shapes recur every few designs."""
    rng, splits, turn = np.random.default_rng([seed, 3]), [""] * len(products), 0
    for category in sorted({product.design.category for product in products}):
        places = [place for place, product in enumerate(products) if product.design.category == category]
        for place in rng.permutation(places):
            splits[int(place)] = SPLITS[turn % 2]
            turn += 1
    return splits


def cell(split: str, turn: int) -> tuple[str, int]:
    """The family and strength of a split's n-th edit: all of them in turn."""
    families = CALIBRATED if split == "calibration" else tuple(EDITS)
    return families[turn % len(families)], STRENGTHS[turn // len(families) % len(STRENGTHS)]


def write_design(folder: Path, size: int, plan: tuple[Product, str, list[tuple[str, int]], bool]) -> list[Labelled]:
    """All photos of one design, and their rows."""
    product, split, cells, is_base = plan
    key, category, design = product.product_id, product.design.category, product.design.design_id
    photo = draw_photo(product, photo_views(product, 3)[0], size)
    home = folder / split / category
    home.mkdir(exist_ok=True)

    def row(name: str, suffix: str, role: str, *, family: str = "", strength: int = -1, piece: str = key) -> Labelled:
        picture = key if role in ("base", "edit", "drawn") else name
        path = f"{category}/{name}.{suffix}"
        return Labelled(name, split, path, category, role, family, strength, key, picture, piece, design)

    photo.save(home / f"{key}.jpg", quality=QUALITY)
    rows = [row(key, "jpg", "base" if is_base else "drawn")]
    if not is_base:
        return rows
    published = Image.open(home / f"{key}.jpg").convert("RGB")  # copies are made of the file, not of the scene
    rng = np.random.default_rng([product.seed, product.index, 4])
    for number, (family, strength) in enumerate(cells, start=1):
        name, suffix = f"{key}-e{number}", {"webp": "webp", "screenshot": "png"}.get(family, "jpg")
        copy = edit(published, family, strength, rng)
        copy.save(home / f"{name}.{suffix}", **({} if suffix == "png" else {"quality": QUALITY}))
        rows.append(row(name, suffix, "edit", family=family, strength=strength))
    for negative in hard_negatives(product, size, rng):
        name = f"{key}-{negative.kind}"
        negative.image.save(home / f"{name}.jpg", quality=QUALITY)
        rows.append(row(name, "jpg", negative.kind, piece=negative.piece))
    return rows


def in_parallel(work: partial[list[Labelled]], plans: list) -> Iterator[list[Labelled]]:
    """One process per core, in order; here, if it is little."""
    if len(plans) < 16 or cores() < 2:
        yield from map(work, plans)
        return
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool, environment(WORKER_ENVIRONMENT):
        yield from pool.map(work, plans, chunksize=2)


def copy_real(real: Path, folder: Path, seed: int) -> list[Labelled]:
    """The photos of a real catalog as they are; a group of near-copies lies in one split as a whole."""
    rng = np.random.default_rng([seed, 6])
    side: dict[str, str] = {}
    rows = []
    with (real / "catalog.csv").open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            group = f"real-{line['near_group']}"
            split = side.setdefault(group, SPLITS[int(rng.integers(2))])
            key = f"real-{line['product_id']}"
            path = f"{line['category']}/{key}{Path(line['image']).suffix}"
            (folder / split / path).parent.mkdir(exist_ok=True)
            shutil.copyfile(real / line["image"], folder / split / path)
            rows.append(Labelled(key, split, path, line["category"], "real", "", -1, key, key, key, group))
    return rows


def write_tables(folder: Path, rows: list[Labelled]) -> None:
    """truth.csv, and a manifest for each split."""
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(field.name for field in fields(Labelled))
        table.writerows(astuple(row) for row in rows)
    for split in SPLITS:
        with (folder / split / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("product_id", "image", "category"))
            table.writerows((row.key, row.path, row.category) for row in rows if row.split == split)


def read_dataset(folder: Path, split: str) -> list[Labelled]:
    """The rows of one split, in the order in which they were written."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = [Labelled(**{**line, "strength": int(line["strength"])}) for line in csv.DictReader(file)]
    return [row for row in rows if row.split == split]


def main() -> None:
    """Write the dataset and say what is in it."""
    from tests.shops.real_data import TEST_DATA

    folder, products = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 720
    real = TEST_DATA / "data" / "jewelry"
    rows = write_dataset(folder, products=products, real=real if real.is_dir() else None)
    for split in SPLITS:
        roles = Counter(row.role for row in rows if row.split == split)
        print(split, roles.total(), dict(roles))


if __name__ == "__main__":
    main()
