"""What shops reported of copies in the field, made of real photos: each source has one copy in the catalog.

    python -m tests.bench.duplicates.field_edits PHOTOS FOLDER MODEL

PHOTOS is the folder of a real catalog.csv with near_group, FOLDER is written, MODEL indexes it; it prints what the
report calls each kind of copy, and of how many the original is to keep.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from searcher.insights.duplicates.answers import DuplicateReport
from searcher.insights.duplicates.edits.edits import edit
from searcher.insights.duplicates.edits.stamps import fitting

Edited = Callable[[Image.Image, int], Image.Image]
EACH = 12
"""Sources of each kind of copy; no photo is the source of two."""
QUALITY = 90


def turned(degrees: Image.Transpose) -> Edited:
    """A quarter turn or two, without a word of it in EXIF."""
    return lambda image, _seed: image.transpose(degrees)


def page(image: Image.Image, seed: int) -> Image.Image:
    """A screenshot of a shop's white page: a bar, the photo, a title and a price."""
    width, height = image.size
    margin = width // 12
    screen = Image.new("RGB", (width + 2 * margin, height + width // 2), "white")
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, screen.width, width // 9), fill="#f1f1f3")
    screen.paste("#333333", (margin, width // 36), fitting("shop.example/item", width / 2, width / 18))
    screen.paste(image, (margin, width // 6))
    top = width // 6 + height + width // 20
    screen.paste("#1b1b1f", (margin, top), fitting("Elegant piece, gift for her", 0.8 * width, width / 14))
    screen.paste("#d81e2c", (margin, top + width // 8), fitting(f"$ {49 + seed}.00", 0.4 * width, width / 14))
    return screen


def shop_page(image: Image.Image, seed: int) -> Image.Image:
    """Another shop's page: a headline, the photo in the middle third of it, three lines under it, no bar."""
    width, height = image.size
    wide = round(1.7 * width)
    sheet = Image.new("RGB", (wide, round(1.6 * height)), "white")
    line = width / 16
    sheet.paste("#202024", ((wide - width) // 2, round(line)), fitting("New in: handmade pieces", 0.9 * width, line))
    sheet.paste(image, ((wide - width) // 2, round(3.2 * line)))
    top = round(3.2 * line) + height + round(1.2 * line)
    for number, words in enumerate(("Made to order in 3 to 5 days", f"Item no. {1000 + seed}", "Free returns")):
        words_mask = fitting(words, 0.7 * width, 0.8 * line)
        sheet.paste("#5a5a60", ((wide - words_mask.width) // 2, top + round(1.7 * number * line)), words_mask)
    return sheet


def off_centre(image: Image.Image, turns: int, size: float, grow: float) -> Image.Image:
    """Turned by so many quarters, made smaller, and laid towards the lower left of a white sheet."""
    small = image.rotate(90 * turns, expand=True)
    small = small.resize((max(1, round(small.width * size)), max(1, round(small.height * size))))
    sheet = Image.new("RGB", (round(small.width * grow), round(small.height * (grow + 0.2))), "white")
    sheet.paste(small, ((sheet.width - small.width) // 4, (sheet.height - small.height) * 3 // 4))
    return sheet


def marked_double(image: Image.Image, _seed: int) -> Image.Image:
    """Twice the size, with a shop's name across it."""
    large = image.resize((2 * image.width, 2 * image.height), Image.Resampling.LANCZOS)
    word = fitting("www.goldmarkt.example", 0.8 * large.width, large.height / 10)
    large.paste(
        "#888888", ((large.width - word.width) // 2, large.height // 2), word.point([v // 2 for v in range(256)])
    )
    return large


def stretched(image: Image.Image, _seed: int) -> Image.Image:
    """A little wider and lower, with a few pixels more."""
    return image.resize((round(image.width * 271 / 256), round(image.height * 242.5 / 256)), Image.Resampling.BICUBIC)


def of_family(family: str, strength: int) -> Edited:
    """One of the edits that a verifier learns from."""
    return lambda image, seed: edit(image, family, strength, np.random.default_rng(seed))


FIELD: dict[str, Edited] = {
    "turn_90": turned(Image.Transpose.ROTATE_90),
    "turn_180": turned(Image.Transpose.ROTATE_180),
    "turn_270": turned(Image.Transpose.ROTATE_270),
    "turn_small": lambda image, _: image.resize((image.width * 2 // 3, image.height * 2 // 3)).rotate(90, expand=True),
    "turn_pad": lambda image, _: ImageOps.expand(image.rotate(270, expand=True), image.width // 9, "white"),
    "page": page,
    "screenshot": of_family("screenshot", 1),
    "screenshot_2": of_family("screenshot", 2),
    "bright_118": lambda image, _: ImageEnhance.Brightness(image).enhance(1.18),
    "badge": of_family("badge", 1),
    "watermark": of_family("watermark_corner", 1),
    "grey_border": lambda image, _: ImageOps.expand(image, image.width // 12, (128, 128, 128)),
    "light_border": lambda image, _: ImageOps.expand(image, image.width // 20, (225, 225, 225)),
    "padded": lambda image, _: ImageOps.expand(image, image.width // 6, "white"),
    "upscaled": lambda image, _: image.resize((image.width * 3 // 2, image.height * 3 // 2), Image.Resampling.BICUBIC),
    "stretched": stretched,
    "marked_double": marked_double,
    "soft": lambda image, _: image.filter(ImageFilter.GaussianBlur(1.2)),
    "shop_page": shop_page,
    "sheet": lambda image, _: off_centre(image, 0, 1.0, 1.9),
    "turn_sheet": lambda image, _: off_centre(image, 1, 0.9, 1.5),
    "half_sheet": lambda image, _: off_centre(image, 2, 0.8, 1.35),
}
"""All kinds by name."""


def write_field(photos: Path, folder: Path, each: int = EACH) -> dict[str, tuple[str, str]]:
    """The real photos as they are and the copies, as a catalog; of each copy its kind and its source."""
    with (photos / "catalog.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    alone = [line for line, group in ((one, one["near_group"]) for one in lines) if _count(lines)[group] == 1]
    order = np.random.default_rng(16).permutation(len(alone)).tolist()
    rows, truth = [], {}
    for line in lines:
        target = folder / line["image"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photos / line["image"], target)
        rows.append((line["product_id"], line["image"], line["category"]))
    for number, kind in enumerate(FIELD):
        for turn in range(each):
            line = alone[order[number * each + turn]]
            key = f"{kind}-{line['product_id']}"
            suffix = "png" if kind in ("page", "screenshot", "screenshot_2") else "jpg"
            with Image.open(photos / line["image"]) as image:
                copy = FIELD[kind](image.convert("RGB"), turn)
            copy.save(
                folder / line["category"] / f"{key}.{suffix}", **({} if suffix == "png" else {"quality": QUALITY})
            )
            rows.append((key, f"{line['category']}/{key}.{suffix}", line["category"]))
            truth[key] = (kind, line["product_id"])
    with (folder / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("product_id", "image", "category"))
        table.writerows(rows)
    return truth


_COUNTS: dict[int, Counter[str]] = {}


def _count(lines: list[dict[str, str]]) -> Counter[str]:
    return _COUNTS.setdefault(id(lines), Counter(line["near_group"] for line in lines))


def found(report: DuplicateReport, truth: dict[str, tuple[str, str]]) -> dict[str, Counter[str]]:
    """Of each kind: how many are called what to their source, and of how many the original is kept."""
    tiers: dict[frozenset[str], str] = {}
    kept: dict[str, bool] = {}
    for group in report.groups:
        medoid, *others = group.members
        for other in others:
            tiers[frozenset((medoid.photo.product_id, other.photo.product_id))] = str(other.tier)
        if group.tier.is_copy:
            kept |= {member.photo.product_id: member.keep for member in group.members}
            for one in group.members:
                for other in group.members:
                    tiers.setdefault(frozenset((one.photo.product_id, other.photo.product_id)), "edited")
    for pair in report.loose_pairs:
        tiers.setdefault(frozenset((pair.first.product_id, pair.second.product_id)), f"loose {pair.tier}")
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in FIELD}
    for key, (kind, source) in truth.items():
        tier = tiers.get(frozenset((key, source)), "nothing")
        counts[kind][tier] += 1
        if tier in ("edited", "identical_pixels", "identical_file"):
            counts[kind]["original kept"] += kept.get(source, False)
    return counts


def main() -> None:
    """Write, index, report, print."""
    from indexer.sync.run import sync
    from searcher.service import SearchService

    photos, folder, model = map(Path, sys.argv[1:4])
    if not (folder / "catalog" / "catalog.csv").is_file():
        (folder / "catalog").mkdir(parents=True, exist_ok=True)
        write_field(photos, folder / "catalog")
    with (folder / "catalog" / "catalog.csv").open(newline="", encoding="utf-8") as file:
        keys = [line["product_id"] for line in csv.DictReader(file)]
    truth = {key: tuple(key.rsplit("-", 1)) for key in keys if "-" in key}
    sync(folder / "catalog", model, folder / "index")
    report = SearchService(folder / "index").duplicates(budget=3600)
    counts = found(report, truth)  # type: ignore[arg-type]
    for kind, each in counts.items():
        print(f"{kind:14}", dict(each))
    planted = set(truth) | {source for _, source in truth.values()}
    others = [g for g in report.groups if g.tier.is_copy and not planted & set(g.products)]
    mixed = [
        g.products
        for g in report.groups
        if g.tier.is_copy and len({truth[p][1] if p in truth else p for p in g.products}) > 1
    ]
    print("groups of copies nobody planted:", len(others), [g.products for g in others])
    print("groups of copies of several sources:", mixed)
    print(report.summary(), report.notes, f"{report.took_s:.0f} s")


if __name__ == "__main__":
    main()
