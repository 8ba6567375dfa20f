"""A contact sheet of a catalog with a manifest: one labelled row of photos per category."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

GAP = 4
LABEL_WIDTH = 112


def contact_sheet(catalog: Path, out: Path, *, columns: int = 8, cell: int = 128) -> None:
    """Writes the first photos of ``columns`` products of each category, spread over the manifest, to ``out``."""
    rows: dict[str, list[Path]] = {}
    with (catalog / "catalog.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["category"], []).append(catalog / row["image"].split("|")[0])
    step = cell + GAP
    sheet = Image.new("RGB", (LABEL_WIDTH + columns * step, len(rows) * step + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    for number, (category, photos) in enumerate(rows.items()):
        top = GAP + number * step
        pen.text((LABEL_WIDTH - 12, top + cell // 2), category, font=font, fill=(60, 60, 66), anchor="rm")
        shown = photos if len(photos) <= columns else [photos[i * len(photos) // columns] for i in range(columns)]
        for column, path in enumerate(shown):
            with Image.open(path) as photo:
                small = photo.resize((cell, cell), Image.Resampling.LANCZOS)
            sheet.paste(small, (LABEL_WIDTH + column * step, top))
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out, quality=86, optimize=True)
