"""The photo within a picture: what margins, a page or an app's screen surround is found by its four straight edges.

Plain rows and columns part a picture into blocks, as in the classic segmentation of scanned pages (Nagy and Seth,
*Hierarchical Representation of Optically Scanned Documents*, 1984). A block is a photo if it is large, and if it ends
along whole lines: a ring on white paper leaves plain rows too, but touches the lines around it in a few places only.

A photo on white has no edge on a white page. There the lines of text above or below it tell the page, and what lies
between them is the photo, however wide its margins were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""
SIDE = 192
"""Pixels of the longer side at which edges are looked for."""
PLAIN = 7
"""Levels of 256 that the pixels of a plain line may differ by: lossy files leave a few."""
MOST = 0.97
"""Share of a line's pixels that have to be plain, or of a stretch that have to differ."""
BARS = 0.6
"""Share of a rim's pixels that are of one colour at least, around a photo in a frame: letters and bars cross it."""
EDGE = 4
"""Levels that a photo's outermost pixels differ by, and more, from the paper beside it."""
STRAIGHT = 0.7
"""Share of an edge along which they do: corners may be round, and a part of the photo as white as the paper."""
LEAST_SIDE = 0.35
"""Share of the picture's side that a photo has at least."""
RIM = 1.5
"""Pixels of the photo beside an edge that are left out: a line of paper among them would pass for its ground."""
LEAST_MARGIN = 2
"""Pixels: a thinner line at the rim is a codec's or a scanner's."""
EMPTY = 10
"""Levels that no pixel of a row exceeds between a page's lines: a chain's two threads are there, a codec's grain is
not."""
LINE = (3, 0.1)
"""Pixels that a line of text has at least, and the share of a page's height that it has at the most."""
LINES = 2
"""Lines of text that make a page: one alone may be a stamp on the photo."""
GAP, TALLER, LEAST_HIGH = 0.02, 2, 0.12
"""Share of the height that is empty beside a page's photo; how much taller that is than any line; its least share."""
AROUND = 0.12
"""Share of a page's photo, by its longer side, that is kept of the page around it: for its ground."""


@dataclass(frozen=True)
class FramedPicture:
    """A picture, and where in it the photo is."""

    picture: Image.Image
    """RGB."""
    box: Box | None
    """Of the photo that it frames; None where the whole picture is the photo."""

    @classmethod
    def of(cls, picture: Image.Image) -> FramedPicture:
        """A picture of any mode whose frame is not known yet."""
        rgb = picture.convert("RGB")
        return cls(rgb, photo_within(rgb))

    @property
    def is_framed(self) -> bool:
        """Whether anything surrounds the photo."""
        return self.box is not None

    @property
    def photo(self) -> Image.Image:
        """The photo alone, RGB."""
        return self.picture if self.box is None else self.picture.crop(self.box)

    @property
    def inside(self) -> NDArray[np.float32]:
        """Left, top, right, bottom of the photo as shares of the picture, [4]."""
        width, height = self.picture.size
        box = np.array(self.box or (0, 0, width, height), np.float32)
        return (box / np.array([width, height, width, height], np.float32)).astype(np.float32)


def photo_within(image: Image.Image) -> Box | None:
    """The box of the photo that an RGB picture frames; None where the whole picture is the photo."""
    whole = np.asarray(image)
    rims = (line[None].astype(np.int16) for line in (whole[0], whole[-1], whole[:, 0], whole[:, -1]))
    if not any(_plain(line, BARS)[0] for line in rims):
        return None
    levels = np.asarray(at_most(image, SIDE), np.int16)
    height, width = levels.shape[:2]
    found = _between_edges(levels) or _on_a_page(levels)
    if found is None:
        return None
    x, y = image.width / width, image.height / height
    left, top, right, bottom = found
    return round(left * x), round(top * y), round(right * x), round(bottom * y)


def _between_edges(levels: NDArray[np.int16]) -> tuple[float, float, float, float] | None:
    """The photo that ends along whole lines; left, top, right, bottom in pixels of ``levels`` [h, w, 3]."""
    height, width = levels.shape[:2]
    rows = _largest_block(~_plain(levels))
    if rows is None or rows[1] - rows[0] < LEAST_SIDE * height:
        return None
    busy = np.flatnonzero(~_plain(levels[rows[0] : rows[1]].transpose(1, 0, 2)))
    if not len(busy) or (columns := (int(busy[0]), int(busy[-1]) + 1))[1] - columns[0] < LEAST_SIDE * width:
        return None
    down, across = levels[:, columns[0] : columns[1]], levels[rows[0] : rows[1]].transpose(1, 0, 2)
    edges = [
        _ends(down, rows[0], -1),
        _ends(down, rows[1] - 1, 1),
        _ends(across, columns[0], -1),
        _ends(across, columns[1] - 1, 1),
    ]
    if False in edges or True not in edges:
        return None
    top, bottom, left, right = (RIM if edge else 0.0 for edge in edges)
    return columns[0] + left, rows[0] + top, columns[1] - right, rows[1] - bottom


def _on_a_page(levels: NDArray[np.int16]) -> tuple[float, float, float, float] | None:
    """The photo without edges among lines of text; left, top, right, bottom in pixels of ``levels`` [h, w, 3]."""
    height, width = levels.shape[:2]
    apart = np.abs(levels - np.median(levels, axis=1, keepdims=True)).max(axis=2) > EMPTY
    blocks = _blocks(apart.any(axis=1))
    if len(blocks) <= LINES:
        return None
    start, end = max(blocks, key=lambda block: block[1] - block[0])
    lines = [block for block in blocks if block != (start, end)]
    high = max(after - before for before, after in lines)
    if high > LINE[1] * height or end - start < max(TALLER * high, LEAST_HIGH * height):
        return None
    if sum(after - before >= LINE[0] for before, after in lines) < LINES:
        return None
    above = max((after for _, after in lines if after <= start), default=0)
    below = min((before for before, _ in lines if before >= end), default=height)
    if (above and start - above < GAP * height) or (below < height and below - end < GAP * height):
        return None
    busy = np.flatnonzero(apart[start:end].any(axis=0))
    margin = AROUND * max(busy[-1] + 1 - busy[0], end - start)
    return (
        max(0.0, float(busy[0]) - margin),
        max(above + 1.0 if above else 0.0, start - margin),
        min(float(width), float(busy[-1]) + 1 + margin),
        min(below - 1.0 if below < height else float(height), end + margin),
    )


def at_most(image: Image.Image, side: int) -> Image.Image:
    """The image with no side longer than this, in pixels; itself where it is small enough."""
    if max(image.size) <= side:
        return image
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small


def _plain(lines: NDArray[np.int16], most: float = MOST) -> NDArray[np.bool_]:
    """Which lines [n, m, 3] are of one colour over a share of their length, [n]."""
    red, green, blue = np.moveaxis(np.abs(lines - lines[:, :1]) <= PLAIN, 2, 0)
    near = red & green & blue  # a third of the time of all(axis=2)
    return np.asarray(near.mean(axis=1) >= most)


def _largest_block(inside: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Start and end of the longest run of True."""
    return max(_blocks(inside), key=lambda block: block[1] - block[0], default=None)


def _blocks(inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Starts and ends of the runs of True."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8))).tolist()
    return list(zip(steps[::2], steps[1::2], strict=True))


def _ends(lines: NDArray[np.int16], last: int, step: int) -> bool | None:
    """Whether a block ends along a whole line; None where it reaches the picture's rim.

    Args:
        lines: [n, m, 3], across the block.
        last: the block's outermost line.
        step: -1 or 1, the way out of the block.
    """
    beyond = last + step
    if not (beyond + 1 if step < 0 else len(lines) - beyond) >= LEAST_MARGIN:
        return None
    # Scaling mixes the outermost line with the paper: the one beside it counts as well.
    inside = [np.abs(lines[place] - lines[beyond]).max(axis=1) for place in (last, last - step)]
    return bool((np.maximum(*inside) > EDGE).mean() >= STRAIGHT)
