"""The retrieval grid of a report: photos and what the model finds most similar, right hits green, wrong ones red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from indexer.errors import ImageError
from indexer.photos.opening import open_image
from indexer.photos.places import Place
from trainer.evaluation.metrics import encode, score_queries

HITS = 7
TYPICAL = 8
BEST = 2
WORST = 4
CELL, GAP, FRAME = 176, 14, 6
"""Pixels: a picture's side, the space between pictures, a frame's width."""

GOOD, BAD, NEUTRAL = "#2e9e62", "#d64a3f", "#a9a297"
"""Frames: told apart on a light and on a dark page."""

HeldOut = Sequence[tuple[Place | Path, str, str]]
"""Place (or file), category and product id of each photo."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A query and its hits as rows of the embeddings, best first, with their cosines."""

    query: int
    hits: tuple[int, ...]
    scores: tuple[float, ...]
    kind: Literal["typical", "best", "worst", "any"]
    """How it was chosen; ``any`` where there are no categories to judge it by."""


def choose_rows(embeddings: NDArray[np.float32], categories: Sequence[str]) -> list[GridRow]:
    """A fair mix: for each category the photo with the median average precision, then the best and the worst of all.

    Up to `TYPICAL` categories, evenly spread over their sorted names; up to `BEST` and `WORST` photos, highest and
    lowest average precision first, at most one a category before a category comes twice. Equal ones are taken in
    catalog order. Photos without two categories among them are not judged: some are taken evenly spread.
    """
    if len(set(categories)) < 2:
        chosen = np.linspace(0, len(embeddings) - 1, min(TYPICAL, len(embeddings))) if len(embeddings) > 1 else ()
        return [_row(embeddings, row, "any") for row in dict.fromkeys(round(n) for n in chosen)]
    codes = encode(categories)
    scores = score_queries(embeddings, embeddings, codes, codes, own=np.arange(len(codes)))
    precision = scores.values["mAP"]
    order = [int(row) for row in np.argsort(precision, kind="stable") if scores.relevant[row] > 0]
    names = sorted({categories[row] for row in order})
    picked = [names[round(n)] for n in np.linspace(0, len(names) - 1, min(TYPICAL, len(names)))]
    typical = []
    for name in picked:
        own = [row for row in order if categories[row] == name]
        typical.append(own[len(own) // 2])
    failing = [row for row in order if precision[row] < 1.0 and row not in typical]
    worst = _one_a_category(failing, categories)[:WORST]
    rest = [row for row in sorted(order, key=lambda row: -precision[row]) if row not in (*typical, *worst)]
    best = _one_a_category([row for row in rest if precision[row] > np.median(precision[order])], categories)[:BEST]
    return [
        *(_row(embeddings, row, "typical") for row in typical),
        *(_row(embeddings, row, "best") for row in best),
        *(_row(embeddings, row, "worst") for row in worst),
    ]


def _one_a_category(rows: Sequence[int], categories: Sequence[str]) -> list[int]:
    """The same rows, the first of each category before the second of any."""
    used: dict[str, int] = {}
    rank: dict[int, int] = {}
    for row in rows:
        rank[row] = used[categories[row]] = used.get(categories[row], -1) + 1
    return sorted(rows, key=lambda row: rank[row])


def _row(embeddings: NDArray[np.float32], query: int, kind: Literal["typical", "best", "worst", "any"]) -> GridRow:
    wide = embeddings.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    cosine = wide @ wide[query] / np.maximum(lengths * lengths[query], 1e-30)
    cosine[query] = -np.inf
    best = np.argsort(-cosine, kind="stable")[: min(HITS, len(wide) - 1)]
    return GridRow(query, tuple(map(int, best)), tuple(float(cosine[n]) for n in best), kind)


def load_pictures(numbers: Iterable[int], held_out: HeldOut) -> dict[int, Image.Image]:
    """Photos by their rows, each fitted into a white square; one that cannot be opened any more stays away."""
    return {n: photo for n in set(numbers) if (photo := picture(held_out[n][0], CELL))}


def draw_pair(photos: tuple[int, int], pictures: Mapping[int, Image.Image], path: Path) -> None:
    """Draw two photos side by side, in neutral frames."""
    side = CELL + 2 * FRAME
    canvas = Image.new("RGBA", (2 * side + GAP, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(canvas)
    for place, number in enumerate(photos):
        _frame(canvas, draw, place * (side + GAP), NEUTRAL, pictures.get(number))
    canvas.save(path, optimize=True)


def picture(photo_at: Place | Path, side: int) -> Image.Image | None:
    """A photo fitted into a white square, or None where it cannot be opened any more."""
    try:
        photo = open_image(photo_at if isinstance(photo_at, Path) else photo_at.read(), fit=side)
    except ImageError:
        return None
    scale = side / max(photo.size)
    small = photo.resize(
        (max(1, round(photo.width * scale)), max(1, round(photo.height * scale))), Image.Resampling.LANCZOS
    )
    square = Image.new("RGB", (side, side), "white")
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square


def draw_strip(row: GridRow, held_out: HeldOut, pictures: Mapping[int, Image.Image], path: Path) -> None:
    """Draw one row: the query, then its hits, framed green with a tick where the category is right, else red.

    The ground is transparent and the columns are `1 + HITS` equal ones, whatever is in them, so that the page can
    set the captions below in its own type.
    """
    pitch = CELL + 2 * FRAME + GAP
    canvas = Image.new("RGBA", ((1 + HITS) * pitch, CELL + 2 * FRAME), (0, 0, 0, 0))
    draw = ImageDraw.Draw(canvas)
    category = held_out[row.query][1]
    for place, shown in enumerate((row.query, *row.hits)):
        right = held_out[shown][1] == category
        colour = NEUTRAL if place == 0 or row.kind == "any" else GOOD if right else BAD
        left = GAP // 2 + place * pitch
        side = CELL + 2 * FRAME
        _frame(canvas, draw, left, colour, pictures.get(shown))
        if place and row.kind != "any":
            _mark(draw, left + side - FRAME - 20, FRAME + 20, right, colour)
    canvas.save(path, optimize=True)


def _frame(canvas: Image.Image, draw: ImageDraw.ImageDraw, left: int, colour: str, photo: Image.Image | None) -> None:
    """A photo in its frame; where it is gone, that is said."""
    side = CELL + 2 * FRAME
    draw.rounded_rectangle((left, 0, left + side - 1, side - 1), radius=FRAME + 2, fill=colour)
    if photo is None:
        draw.rectangle((left + FRAME, FRAME, left + side - FRAME - 1, side - FRAME - 1), fill=NEUTRAL)
        draw.text((left + side / 2, side / 2), "photo is gone", "white", ImageFont.load_default(18), anchor="mm")
    else:
        canvas.paste(photo, (left + FRAME, FRAME))


def _mark(draw: ImageDraw.ImageDraw, x: int, y: int, right: bool, colour: str) -> None:
    """A tick or a cross on a disc, for those who do not tell green from red."""
    draw.ellipse((x - 15, y - 15, x + 15, y + 15), fill=colour)
    if right:
        draw.line(((x - 7, y), (x - 2, y + 6), (x + 8, y - 6)), fill="white", width=4, joint="curve")
    else:
        draw.line((x - 6, y - 6, x + 6, y + 6), fill="white", width=4)
        draw.line((x - 6, y + 6, x + 6, y - 6), fill="white", width=4)
