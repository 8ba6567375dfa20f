"""What of a difference no edit of the whole picture explains: the residue that tells a copy from a photo taken anew.

Re-encoding, resizing and blurring leave the low frequencies alone; exposure, contrast, tint and a turned hue are one
function of the colour for all pixels. So both pictures are blurred a little, the second is predicted from the first by
such a function, fitted without what fits worst; what is left is another light, another stone, an engraving, or a
stamp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
FEW = 50
"""Pixels of ground below which nothing is said of it."""
LEAST_PIECE = 100
"""Pixels of a piece that can be judged by itself."""
SPARE = 3
"""Colours are fitted to each third pixel: thousands are left."""
SLOW = 8.0
"""Pixels of blur for the light's slope over the piece."""
TINTED = 10.0
"""Chroma from which a colour has a hue."""
TRIMS = 3
KEPT = 80
"""Percent of the pixels that the function is fitted to, after the first round."""
RIDGE = 30.0
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

MOST_TURN = 12.0
"""Degrees by which an edit turns hues at the most, in CIELAB; gold and rose gold are forty apart."""
MOST_CHROMA = 1.6
EDITED_GROUND = 7
"""Where the ground's numbers begin in what `_edited` returns."""
VISIBLY = 4.0
"""CIELAB distance of tints that one sees."""


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


@dataclass(frozen=True)
class _Colours:
    """The function from the first picture's colours to the second's."""

    lightness: NDArray[np.float64]
    """[3]: of 1, L and L²/100."""
    chroma: NDArray[np.float64]
    """[3, 2]: of a, b and 1."""

    def of(self, lab: Array) -> Array:
        light, (start, gain, bend) = lab[..., :1], self.lightness.astype(np.float32)
        chroma = self.chroma.astype(np.float32)
        tinted = lab[..., 1:] @ chroma[:2] + chroma[2]
        return np.concatenate([start + gain * light + bend * light**2 / 100, tinted], axis=-1)


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
    colours = _fitted(soft[0][inner][::SPARE], soft[1][inner][::SPARE])
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
    edited = _edited(soft[0][::2, ::2], soft[1][::2, ::2], whole[::2, ::2], ground[::2, ::2], colours)
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
            *edited,
            *(_grain_alike(first[..., 0], second[..., 0], where) for where in (whole, ground)),
            edited[EDITED_GROUND] - raw_ground[1],
            edited[EDITED_GROUND + 1] - raw_ground[0],
            *_spots(light, whole, lights[0], LIGHT_SPOT),
            *_gathered(light, whole),
            *percentiles(smooth[inner], 50, 95, 99),
            *_gathered(smooth, whole),
            _gathered(np.abs(raw[..., 0]), ground)[0],
        ],
        np.float32,
    )


def _fitted(first: Array, second: Array) -> _Colours:
    """Least squares, pulled towards no change, without the fifth that fits worst."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    keep = np.ones(len(a), bool)
    colours = _Colours(np.array([0.0, 1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    for _ in range(TRIMS):
        x, y = a[keep], b[keep]
        light = np.stack([np.ones(len(x)), x[:, 0], x[:, 0] ** 2 / 100], axis=1)
        tint = np.concatenate([x[:, 1:], np.ones((len(x), 1))], axis=1)
        colours = _Colours(
            _ridge(light, y[:, :1], np.array([[0.0], [1.0], [0.0]]))[:, 0],
            _ridge(tint, y[:, 1:], np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])),
        )
        left = np.hypot(*(b - colours.of(a.astype(np.float32)))[:, :2].T)
        keep = left <= percentile(left, KEPT)
    return colours


def _ridge(x: NDArray[np.float64], y: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    penalty = np.diag([1e-3 if (column == 1).all() else RIDGE for column in x.T])
    return np.asarray(start + np.linalg.solve(x.T @ x + penalty, x.T @ (y - x @ start)))


def _edited(
    first: Array, second: Array, piece: NDArray[np.bool_], ground: NDArray[np.bool_], colours: _Colours
) -> tuple[float, ...]:
    """What remains of the tints if only what an edit does is allowed: a small turn of all hues, more or less chroma.

    The general function of `_fitted` turns gold into rose gold where the piece has no other colour. The picture with
    less colour is predicted from the other one, as a grey copy says nothing about the colours it had. A tint that
    depends on the lightness alone (sepia), on piece and ground alike, is tried as well. What this predicts for the
    ground tells an edit of the whole picture from another metal on the same board.

    Returns:
        percentiles 50, 75, 90, 99 of what is left on the piece; degrees; chroma's factor; whether it is a tint; what
        is left on the ground in tint and in lightness; the share of the piece that is visibly off.
    """
    one, other = first[..., 1:], second[..., 1:]
    if np.hypot(*one[piece].T).mean() < np.hypot(*other[piece].T).mean():
        light, source, target = second[..., 0], other, one
    else:
        light, source, target = first[..., 0], one, other
    z, w = source[..., 0] + 1j * source[..., 1], target[..., 0] + 1j * target[..., 1]
    turned, turn, chroma = _turned(z[piece], w[piece])
    both = piece | ground  # or any even metal would be a tint
    tinted = _tinted(light[both], w[both])
    left = [np.abs(w - z * turned), np.abs(w - np.polyval(tinted, light))]
    is_tint = int(percentile(left[1][piece], 75) < 0.8 * percentile(left[0][piece], 75) and chroma < 0.5)
    kept = left[is_tint]
    on_ground = light_off = 0.0
    if ground.sum() >= FEW:
        on_ground = median(kept[ground])
        light_off = median(np.abs(second[..., 0] - colours.of(first)[..., 0])[ground])
    return (
        *percentiles(kept[piece], 50, 75, 90, 99),
        turn,
        chroma,
        float(is_tint),
        on_ground,
        light_off,
        float((kept[piece] > VISIBLY).mean()),
    )


def _turned(z: NDArray[np.complex128], w: NDArray[np.complex128]) -> tuple[complex, float, float]:
    """The factor, its degrees and its length that take ``z`` nearest to ``w``, without the fifth that fits worst."""
    keep = np.ones(len(z), bool)
    factor, degrees, length = 1.0 + 0j, 0.0, 1.0
    for _ in range(TRIMS):
        product = (w[keep] * z[keep].conj()).sum() + RIDGE
        degrees = float(np.clip(np.degrees(np.angle(product)), -MOST_TURN, MOST_TURN))
        along = np.exp(1j * np.radians(degrees))
        length = float(
            np.clip((product * along.conjugate()).real / ((np.abs(z[keep]) ** 2).sum() + RIDGE), 0, MOST_CHROMA)
        )
        factor = complex(length * along)
        left = np.abs(w - z * factor)
        keep = left <= percentile(left, KEPT)
    return factor, abs(degrees), length


def _tinted(light: Array, w: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Coefficients of a parabola from lightness to tint."""
    design = np.stack([light**2, light, np.ones_like(light)], axis=1).astype(np.float64)
    return np.asarray(np.linalg.solve(design.T @ design + 1e-9 * np.eye(3), design.T @ w))


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
