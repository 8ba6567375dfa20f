"""One function from the colours of one picture to those of another: as they fit best, or as an edit may change them.

Exposure, contrast, tint and a turned hue are one function of the colour for all pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.quick_percentiles import median, percentile, percentiles
from searcher.insights.duplicates.compare.signature import Array

FEW = 50
"""Pixels of ground below which nothing is said of it."""
TRIMS = 3
KEPT = 80
"""Percent of the pixels that the function is fitted to, after the first round."""
RIDGE = 30.0
MOST_TURN = 12.0
"""Degrees by which an edit turns hues at the most, in CIELAB; gold and rose gold are forty apart."""
MOST_CHROMA = 1.6
EDITED_GROUND = 7
"""Where the ground's numbers begin in what `edited` returns."""
VISIBLY = 4.0
"""CIELAB distance of tints that one sees."""


@dataclass(frozen=True)
class Colours:
    """The function from the first picture's colours to the second's."""

    lightness: NDArray[np.float64]
    """[3]: of 1, L and L²/100."""
    chroma: NDArray[np.float64]
    """[3, 2]: of a, b and 1."""

    def of(self, lab: Array) -> Array:
        """What it makes of colours [..., 3] in CIELAB."""
        light, (start, gain, bend) = lab[..., :1], self.lightness.astype(np.float32)
        chroma = self.chroma.astype(np.float32)
        tinted = lab[..., 1:] @ chroma[:2] + chroma[2]
        return np.concatenate([start + gain * light + bend * light**2 / 100, tinted], axis=-1)


def fitted(first: Array, second: Array) -> Colours:
    """Least squares, pulled towards no change, without the fifth that fits worst."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    keep = np.ones(len(a), bool)
    colours = Colours(np.array([0.0, 1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    for _ in range(TRIMS):
        x, y = a[keep], b[keep]
        light = np.stack([np.ones(len(x)), x[:, 0], x[:, 0] ** 2 / 100], axis=1)
        tint = np.concatenate([x[:, 1:], np.ones((len(x), 1))], axis=1)
        colours = Colours(
            _ridge(light, y[:, :1], np.array([[0.0], [1.0], [0.0]]))[:, 0],
            _ridge(tint, y[:, 1:], np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])),
        )
        left = np.hypot(*(b - colours.of(a.astype(np.float32)))[:, :2].T)
        keep = left <= percentile(left, KEPT)
    return colours


def _ridge(x: NDArray[np.float64], y: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    penalty = np.diag([1e-3 if (column == 1).all() else RIDGE for column in x.T])
    return np.asarray(start + np.linalg.solve(x.T @ x + penalty, x.T @ (y - x @ start)))


def edited(
    first: Array, second: Array, piece: NDArray[np.bool_], ground: NDArray[np.bool_], colours: Colours
) -> tuple[float, ...]:
    """What remains of the tints if only what an edit does is allowed: a small turn of all hues, more or less chroma.

    The general function of `fitted` turns gold into rose gold where the piece has no other colour. The picture with
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
