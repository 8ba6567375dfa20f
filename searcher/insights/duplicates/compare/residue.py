"""What of a difference no edit of the whole picture explains: the residue that tells a copy from a photo taken anew.

Re-encoding, resizing and blurring leave the low frequencies alone; exposure, contrast, tint and a turned hue are one
function of the colour for all pixels. So both pictures are blurred a little, the second is predicted from the first by
such a function, fitted without what fits worst; what is left is another light, another stone, an engraving, or a
stamp.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.colours.fitting import EDITED_GROUND, FEW, edited, fitted
from searcher.insights.duplicates.compare.quick_percentiles import median, percentile, percentiles
from searcher.insights.duplicates.compare.signature import Array

SOFT = 1.0
"""Pixels of blur: finer differences come from codecs and scaling."""
LIGHT_SPOT = 2.5
"""Steps of lightness from which a spot counts by its lightness alone, which no codec keeps less of."""
WINDOW = 25
"""Pixels: an engraving or a stone."""
SMOOTH = 2.0
"""Pixels of blur that even out what codecs leave of the tints."""
LEAST_PIECE = 100
"""Pixels of a piece that can be judged by itself."""
SPARE = 3
"""Colours are fitted to each third pixel: thousands are left."""
SLOW = 8.0
"""Pixels of blur for the light's slope over the piece."""
TINTED = 10.0
"""Chroma from which a colour has a hue."""
SPOT = 5.0
"""CIELAB distance from which what is left is visible in a soft picture."""
NAMES = (
    "soft_l50",
    "soft_l75",
    "soft_l95",
    "soft_l99",
    "soft_ab50",
    "soft_ab75",
    "soft_ab95",
    "soft_ab99",
    "peak_over_usual",
    "slow_light",
    "slow_tint",
    "spot",
    "spot_peak",
    "spot_roundness",
    "spots",
    "ground_soft50",
    "ground_soft95",
    "ground_over_piece",
    "bend_l",
    "turn_ab",
    "stretch_ab",
    "relative_l",
    "ground_spot",
    "ground_spot_peak",
    "ground_spot_roundness",
    "ground_spots",
    "raw_l50",
    "raw_ab50",
    "raw_ab90",
    "ground_raw_l50",
    "ground_raw_ab50",
    "hue_turn",
    "chroma_change",
    "edit_ab50",
    "edit_ab75",
    "edit_ab90",
    "edit_ab99",
    "edit_turn",
    "edit_chroma",
    "edit_tint",
    "edit_ground_ab",
    "edit_ground_l",
    "edit_share",
    "fine_piece",
    "fine_ground",
    "board_kept",
    "board_kept_l",
    "light_spot",
    "light_spot_peak",
    "light_spot_roundness",
    "light_spots",
    "light_gathered",
    "light_crowded",
    "tint_smooth50",
    "tint_smooth95",
    "tint_smooth99",
    "tint_gathered",
    "tint_crowded",
    "ground_gathered",
)


class Spot(NamedTuple):
    """From which a difference lies in one place."""

    gathered: float
    """What share of it is within one window."""
    crowded: float
    """How many times the window's share of the piece that is."""
    lightness: float
    """By how much the hundredth of the piece that differs most is off."""


SPOTS = (Spot(0.45, 3.0, 0.0), Spot(0.25, 1.6, 3.0))
"""A faint difference must be in one place nearly alone, as what scaling leaves gathers a little too. Of real photos,
copies have .12 to .19 and 1 to 2, bracelets with other initials .22 to .99 and 1.7 to 6."""
STANDS_OUT = 3.5
"""How many times the usual difference of lightness a spot's is, at least: what a codec leaves is everywhere. Of the
bracelets with other initials all have more (half of them 11), of small copies encoded again a third has less."""
USUAL = 0.3
"""Steps of lightness by which any two encodings differ."""


def all_but_a_spot(row: Array) -> bool:
    """Whether the pictures are the same, ground and piece, except for a spot on the piece.

    No edit of a whole picture does that: it is an engraved initial or another stone in the same rendering. Of 1,199
    real shop photos, 22 bracelets that differ in a letter were taken for copies of each other without this rule. A
    stamp that lies on the piece alone is taken for one of these too; such a copy is not offered for deletion.

    Args:
        row: what `residue` gives.
    """
    names = ("light_spot", "light_gathered", "light_crowded", "soft_l99", "soft_l50", "ground_spot")
    spot, gathered, crowded, most, usual, beside = (float(row[NAMES.index(name)]) for name in names)
    gathers = any(gathered > one.gathered and crowded > one.crowded and most > one.lightness for one in SPOTS)
    return spot > 0.0 and beside == 0.0 and gathers and most > STANDS_OUT * (usual + USUAL)


def residue(first: Array, second: Array, valid: NDArray[np.bool_], piece: NDArray[np.bool_]) -> Array:
    """float32 [len(NAMES)] for two aligned pictures in CIELAB [h, w, 3], where both are and where the piece is."""
    import cv2

    soft = [np.asarray(cv2.GaussianBlur(lab, (0, 0), SOFT), np.float32) for lab in (first, second)]
    whole = piece & valid  # a chain or an eyelet is thinner than what erosion leaves
    if whole.sum() < LEAST_PIECE:
        whole = valid
    inner = cv2.erode(whole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if inner.sum() < LEAST_PIECE:
        inner = whole
    colours = fitted(soft[0][inner][::SPARE], soft[1][inner][::SPARE])
    left = soft[1] - colours.of(soft[0])
    light, tint = np.abs(left[..., 0]), np.hypot(left[..., 1], left[..., 2])
    size = np.hypot(light, tint)
    ground = valid & ~cv2.dilate(piece.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    raw = soft[1] - soft[0]
    off = np.hypot(raw[..., 1], raw[..., 2])
    usual, most = percentiles(size[inner], 50, 99)
    beyond = percentiles(size[ground], 50, 95) if ground.sum() >= FEW else [usual, usual]
    lights = percentiles(light[inner], 50, 75, 95, 99)
    edges = np.abs(cv2.Laplacian(soft[0][..., 0], cv2.CV_32F))
    matrix = colours.chroma[:2]
    turn = np.degrees(np.arctan2(matrix[0, 1] - matrix[1, 0], matrix[0, 0] + matrix[1, 1]))
    stretched = np.linalg.svd(matrix, compute_uv=False)
    what_edits_leave = edited(soft[0][::2, ::2], soft[1][::2, ::2], whole[::2, ::2], ground[::2, ::2], colours)
    raw_ground = _raw_of(raw, ground)
    slow = _slow(left, inner)
    smooth = np.hypot(*np.moveaxis(cv2.GaussianBlur(left[..., 1:] * whole[..., None], (0, 0), SMOOTH), 2, 0))
    return np.array(
        [
            *lights,
            *percentiles(tint[inner], 50, 75, 95, 99),
            most / (usual + 0.3),
            slow[0],
            max(slow[1:]),
            *_spots(size, whole, usual),
            *beyond,
            beyond[0] / (usual + 0.3),
            colours.lightness[2],
            abs(turn),
            stretched[0] - stretched[1],
            float((light[inner] / (edges[inner] + 2)).mean()),
            *_spots(np.hypot(raw[..., 0], off), ground, beyond[0]),
            median(np.abs(raw[..., 0][whole])),
            *percentiles(off[whole], 50, 90),
            *raw_ground,
            *_hues(soft[0][whole], soft[1][whole]),
            *what_edits_leave,
            *(_grain_alike(first[..., 0], second[..., 0], where) for where in (whole, ground)),
            what_edits_leave[EDITED_GROUND] - raw_ground[1],
            what_edits_leave[EDITED_GROUND + 1] - raw_ground[0],
            *_spots(light, whole, lights[0], LIGHT_SPOT),
            *_gathered(light, whole),
            *percentiles(smooth[inner], 50, 95, 99),
            *_gathered(smooth, whole),
            _gathered(np.abs(raw[..., 0]), ground)[0],
        ],
        np.float32,
    )


def fine(lightness: Array, blur: float) -> Array:
    """What a blur of so many pixels takes away, [h, w]."""
    import cv2

    return np.asarray(lightness - cv2.GaussianBlur(lightness, (0, 0), blur), np.float32)


def _grain_alike(first: Array, second: Array, where: NDArray[np.bool_]) -> float:
    """Correlation of what a slight blur takes away: grain and facets are others in a photo that was taken anew."""
    if where.sum() < FEW:
        return 0.0
    a, b = (fine(channel, SOFT)[where] for channel in (first, second))
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-3))


def _raw_of(raw: Array, where: NDArray[np.bool_]) -> tuple[float, float]:
    """Typical differences of lightness and tint in a region; 0 where there is none."""
    if where.sum() < FEW:
        return 0.0, 0.0
    light, one, other = (raw[..., channel][where] for channel in range(3))
    return median(np.abs(light)), median(np.hypot(one, other))


def _hues(first: Array, second: Array) -> tuple[float, float]:
    """Degrees by which the hues of what is tinted in both turn, and the change of the strongest chroma (log2).

    Another lamp turns all hues a little; gold and rose gold are forty degrees apart.
    """
    a, b = first[:, 1] + 1j * first[:, 2], second[:, 1] + 1j * second[:, 2]
    both, either = np.minimum(np.abs(a), np.abs(b)), np.maximum(np.abs(a), np.abs(b))
    tinted = both >= max(TINTED, percentile(both, 60))
    turn = float(np.degrees(median(np.abs(np.angle(b[tinted] * a[tinted].conj()))))) if tinted.sum() >= 8 else 0.0
    strong = either >= percentile(either, 70)
    change = np.log2((np.abs(b[strong]).mean() + 3) / (np.abs(a[strong]).mean() + 3))
    return turn, float(abs(change))


def _slow(left: Array, inner: NDArray[np.bool_]) -> list[float]:
    """How much what is left drifts over the piece, per channel: its spread after a strong blur that looks at the piece
    alone."""
    import cv2

    weighted = np.concatenate([left * inner[..., None], inner[..., None]], axis=2).astype(np.float32)
    blurred = cv2.GaussianBlur(weighted, (0, 0), SLOW)[inner]
    return [float(one) for one in (blurred[:, :-1] / np.maximum(blurred[:, -1:], 1e-3)).std(axis=0)]


def _gathered(left: Array, where: NDArray[np.bool_]) -> tuple[float, float]:
    """How much of what is left lies in one window: the share of its squares, and how many times the window's own share.

    An edit leaves a little along all edges; a letter or another stone leaves much in one place.
    """
    import cv2

    if where.sum() < FEW:
        return 0.0, 0.0
    squares, inside = (left * left * where).astype(np.float32), where.astype(np.float32)
    around, area = (
        cv2.boxFilter(values, -1, (WINDOW, WINDOW), normalize=False, borderType=cv2.BORDER_CONSTANT)
        for values in (squares, inside)
    )
    place = np.unravel_index(int(around.argmax()), around.shape)
    share = float(around[place] / (squares.sum() + 1.0))
    return share, share * float(inside.sum() / max(1.0, float(area[place])))


def _spots(
    size: Array, inner: NDArray[np.bool_], usual: float, least: float = SPOT
) -> tuple[float, float, float, float]:
    """Of spots in the piece that stand out: the largest one's share, peak and compactness, and how many there are."""
    import cv2

    marked = ((size > max(least, 3 * usual)) & inner).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    if count < 2:
        return 0.0, float(size[inner].max(initial=0.0)), 0.0, 0.0
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = 1 + int(areas.argmax())
    box = stats[largest, cv2.CC_STAT_WIDTH] * stats[largest, cv2.CC_STAT_HEIGHT]
    share = float(areas.max()) / float(inner.sum())
    return share, float(size[labels == largest].max()), float(areas.max()) / float(box), float((areas >= 3).sum())
