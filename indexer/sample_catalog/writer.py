"""Writes a sample catalog: folders of JPEG files, the manifest a shop would have, and the truth for tests."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from indexer.errors import UsageError
from indexer.sample_catalog.designs import Product, draw_products
from indexer.sample_catalog.listing import write_listing
from indexer.sample_catalog.scene import draw_photo, photo_views
from indexer.system.arguments import path_of, said, whole_of
from indexer.system.machine import cores

MANIFEST_COLUMNS = (
    "product_id",
    "image",
    "category",
    "title",
    "brand",
    "metal",
    "stone",
    "price",
    "currency",
    "in_stock",
    "created",
)
TRUTH_COLUMNS = ("product_id", "image", "design_id", "variant_of", "view")
SMALLEST, LARGEST = 32, 2048
JPEG_QUALITY = 90
# One thread per worker; and an allocator that keeps large arrays instead of asking the system for each (1.3 times).
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "536870912",
    "MALLOC_TOP_PAD_": "67108864",
}
IN_PARALLEL = 100  # photos; fewer are drawn sooner than worker processes start


@dataclass(frozen=True)
class SampleSummary:
    """What was written: how many products, images and categories, and where."""

    products: int
    images: int
    categories: int
    folder: Path


def write_sample(
    folder: str | Path, *, products: int = 240, seed: int = 0, photos: int | None = None, size: int = 320
) -> SampleSummary:
    """Draws ``products`` products into ``folder``; the same arguments give the same bytes in every file.

    ``photos`` per product, or two to four drawn from the seed; ``size`` is a photo's side in pixels. Beside the photos
    (``<category>/<product_id>/<n>.jpg``) stand ``catalog.csv`` and ``truth.csv``. Large catalogs are drawn by one
    process per core.

    Raises:
        UsageError: the folder is not empty or not a folder, or a number is out of range.
    """
    folder, products, seed = path_of("folder", folder), whole_of("products", products), whole_of("seed", seed)
    photos, size = None if photos is None else whole_of("photos", photos), whole_of("size", size)
    check(folder, products, seed, photos, size)
    drawn = draw_products(products, seed)
    draw = partial(draw_product, folder, photos=photos, size=size)
    images: dict[str, list[str]] = {}
    expected = products * (photos or 3)
    for product, names in zip(drawn, over_products(draw, drawn, expected), strict=True):
        images[product.product_id] = names
    write_manifest(folder / "catalog.csv", drawn, images)
    write_truth(folder / "truth.csv", drawn, images, photos)
    return SampleSummary(
        products=len(drawn),
        images=sum(map(len, images.values())),
        categories=len({product.design.category for product in drawn}),
        folder=folder,
    )


def check(folder: Path, products: int, seed: int, photos: int | None, size: int) -> None:
    """Refuses what cannot be drawn, before anything is written."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a new or empty folder for the sample catalog")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; name a new or empty folder for the sample catalog")
    if products < 1:
        raise UsageError(f"products is {said(products)}; ask for at least 1")
    if seed < 0:
        raise UsageError(f"seed is {said(seed)}; choose 0 or more")
    if photos is not None and photos < 1:
        raise UsageError(f"photos is {said(photos)}; ask for at least 1 per product")
    if not SMALLEST <= size <= LARGEST:
        raise UsageError(f"size is {said(size)} pixels; choose {SMALLEST} to {LARGEST}")


def over_products(draw: partial[list[str]], drawn: list[Product], photos: int) -> Iterator[list[str]]:
    """Draws every product, in order, here or in one process per core."""
    workers = cores()
    if photos <= IN_PARALLEL or workers < 2:
        yield from map(draw, drawn)
        return
    done = 0
    try:
        # Spawned, because a forked child of a process with threads (a server, a notebook) may hang.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            with environment(WORKER_ENVIRONMENT):
                results = pool.map(draw, drawn, chunksize=4)
            for names in results:
                yield names
                done += 1
    except BrokenProcessPool:
        # A worker cannot start where the main program cannot be imported again (a script piped into Python, or one
        # without a __main__ guard), and may be killed where memory is short. The same bytes come from here.
        yield from map(draw, drawn[done:])


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """Environment variables that processes started within inherit; what was set before, and not empty, wins."""
    added = {name: os.environ.get(name) for name in settings if not os.environ.get(name, "").strip()}
    os.environ.update({name: settings[name] for name in added})
    try:
        yield
    finally:
        for name, before in added.items():
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


def draw_product(folder: Path, product: Product, *, photos: int | None, size: int) -> list[str]:
    """Draws and saves one product's photos; returns their paths relative to the catalog."""
    home = folder / product.design.category / product.product_id
    home.mkdir(parents=True, exist_ok=True)
    names = []
    for number, view in enumerate(photo_views(product, photos), start=1):
        draw_photo(product, view, size).save(home / f"{number}.jpg", quality=JPEG_QUALITY)
        names.append(f"{product.design.category}/{product.product_id}/{number}.jpg")
    return names


def write_manifest(path: Path, drawn: list[Product], images: dict[str, list[str]]) -> None:
    """One row per product, as a shop's feed has it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(MANIFEST_COLUMNS)
        for product in drawn:
            listing = write_listing(product)
            table.writerow(
                [
                    product.product_id,
                    "|".join(images[product.product_id]),
                    product.design.category,
                    listing.title,
                    listing.brand,
                    product.metal,
                    product.stone,
                    listing.price,
                    listing.currency,
                    "true" if listing.in_stock else "false",
                    listing.created.isoformat(),
                ]
            )


def write_truth(path: Path, drawn: list[Product], images: dict[str, list[str]], photos: int | None) -> None:
    """One row per image: the design behind it, the product it varies, and the view. For tests alone."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(TRUTH_COLUMNS)
        for product in drawn:
            for image, view in zip(images[product.product_id], photo_views(product, photos), strict=True):
                table.writerow([product.product_id, image, product.design.design_id, product.variant_of, view.name])
