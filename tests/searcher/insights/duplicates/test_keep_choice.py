"""Which of two copies is kept: not the one with more pixels, but the one that shows more."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from searcher.insights.duplicates.edits.edits import edit
from searcher.insights.duplicates.edits.stamps import fitting
from tests.shops.catalogs.field_catalog import Shot, indexed, pieces

Made = Callable[[Image.Image], Image.Image]


def resized(width: float, height: float, way: Image.Resampling = Image.Resampling.BICUBIC) -> Made:
    return lambda image: image.resize((round(image.width * width), round(image.height * height)), way)


def marked(image: Image.Image) -> Image.Image:
    """Twice the size, with a name across it."""
    large = image.resize((2 * image.width, 2 * image.height), Image.Resampling.LANCZOS)
    word = fitting("www.goldmarkt.example", 0.9 * large.width, large.height / 8)
    ink = word.point([round(0.7 * value) for value in range(256)])
    large.paste("#555555", ((large.width - word.width) // 2, large.height // 2), ink)
    return large


def screen(image: Image.Image) -> Image.Image:
    """In an app, at its own size."""
    return edit(image, "screenshot", 1, np.random.default_rng(11))


WORSE: dict[str, Made] = {
    "padded": lambda image: ImageOps.expand(image, image.width // 5, "white"),
    "framed": lambda image: ImageOps.expand(image, image.width // 12, (128, 128, 128)),
    "upscaled": resized(1.5, 1.5),
    "upscaled smoothly": resized(2, 2, Image.Resampling.LANCZOS),
    "stretched": resized(271 / 256, 242.5 / 256),
    "marked and doubled": marked,
    "screenshot": screen,
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "smaller": resized(0.7, 0.7, Image.Resampling.LANCZOS),
}


def kept_of(folder: Path, sources: list[Image.Image]) -> dict[str, list[bool | None]]:
    """Of each kind of copy whether the original is kept; None where the two were not called copies."""
    shots, pairs = [], []
    for number, image in enumerate(sources):
        kind = list(WORSE)[number % len(WORSE)]
        copy = WORSE[kind](image)
        pairs.append((kind, f"A{number}", f"B{number}"))
        both = [Shot(f"A{number}", image), Shot(f"B{number}", copy)]
        shots += both
    report = indexed(folder, shots).duplicates(budget=3600).to_json()
    kept = {m["product_id"]: m["keep"] for g in report["groups"] if g["tier"] == "edited" for m in g["members"]}
    found: dict[str, list[bool | None]] = {}
    for kind, original, copy in pairs:
        known = original in kept and copy in kept
        found.setdefault(kind, []).append(kept[original] if known else None)
    return found


@pytest.mark.slow
def test_the_original_of_drawn_copies_is_kept(tmp_path: Path) -> None:
    found = kept_of(tmp_path, pieces(2 * len(WORSE), seed=4, size=256))
    told = [one for kind in found.values() for one in kind if one is not None]
    assert len(told) >= 12, found
    assert all(told), found


@pytest.mark.slow
def test_the_original_of_copies_of_real_photos_is_kept(real_data: Path, tmp_path: Path) -> None:
    with (real_data / "jewelry" / "catalog.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    groups = [line["near_group"] for line in lines]
    alone = [line for line in lines if groups.count(line["near_group"]) == 1]
    sources = []
    for line in alone[:: len(alone) // (6 * len(WORSE))][: 6 * len(WORSE)]:
        with Image.open(real_data / "jewelry" / line["image"]) as image:
            sources.append(image.convert("RGB"))
    found = kept_of(tmp_path, sources)
    told = [one for kind in found.values() for one in kind if one is not None]
    assert len(told) >= 0.8 * len(sources), found
    assert sum(told) >= 0.95 * len(told), found


def test_a_fifth_more_pixels_decides_nothing(tmp_path: Path) -> None:
    """The same picture, a little larger: the product that says more is kept, then the older one."""
    one, other, third = pieces(3, seed=9, size=256)
    full = {"title": "Ring", "metal": "gold", "stone": "onyx"}
    larger = resized(1.07, 1.07)
    report = (
        indexed(
            tmp_path,
            [
                Shot("BARE", larger(one), fields={"title": "Ring"}),
                Shot("FULL", one, fields=full),
                Shot("SOLD", larger(other), fields={"title": "Ring", "in_stock": "false"}),
                Shot("SELLS", other, fields={"title": "Ring", "in_stock": "true"}),
                Shot("OLD", third, fields={"title": "Ring"}),
                Shot("NEW", larger(third), fields={"title": "Ring"}),
            ],
        )
        .duplicates()
        .to_json()
    )
    kept = {m["product_id"] for group in report["groups"] for m in group["members"] if m["keep"]}
    assert kept == {"FULL", "SELLS", "OLD"}


def test_a_crop_that_lost_a_part_of_the_piece_goes(tmp_path: Path) -> None:
    (photo,) = pieces(1, seed=13, size=256)
    part = photo.crop((0, 0, round(0.72 * photo.width), photo.height))
    report = indexed(tmp_path, [Shot("PART", part), Shot("WHOLE", photo)]).duplicates().to_json()
    marks = {m["product_id"]: m["keep"] for group in report["groups"] for m in group["members"]}
    assert marks in ({}, {"WHOLE": True, "PART": False})
