"""A pair of pictures as a row of numbers: what the verifier judges by.

Three groups: what the index knows already (embeddings, hashes), what signatures say, and what is left of the difference
after one picture has been laid over the other. A row without an alignment has NaN in the last group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from searcher.duplicates.alignment import Alignment
from searcher.duplicates.signature import GRID, Array, Signature

KNOWN = ("cosine", "lesser_gap", "larger_gap", "rank", "phash")
"""The cosine; how far it stands above that of each photo's fifth neighbour; the better place of one in the other's list,
from 0; differing bits of the perceptual hashes."""
COMPARED = (
    "whole_l", "whole_ab", "piece_l", "piece_ab", "mirror_l", "mirror_ab", "fitted", "mean_l", "mean_ab", "chroma_ratio",
    "spread", "share",
)  # fmt: skip
ALIGNED = (
    "correlation", "inliers", "matched", "overlap", "covered", "scale", "stretch", "turn", "flipped",
    "piece_median_l", "piece_median_ab", "piece_tail", "ground_median", "ground_tail",
    "left_piece_median", "left_piece_tail", "left_ab_median", "left_ab_tail", "left_ground_tail",
    "gain_l", "gain_ab", "shift_ab", "edges", "edges_piece", "blob", "blob_in_piece", "blob_edges", "blob_ab",
    "changed_piece", "changed_ground", "fine",
)  # fmt: skip
NAMES = (*KNOWN, *COMPARED, *ALIGNED)
CHANGED = 10.0
"""CIELAB distance from which a pixel has visibly changed."""


def compare_signatures(first: Signature, second: Signature) -> Array:
    """float32 [len(COMPARED)]: distances of the grids and of the pieces' colours, in CIELAB units."""
    whole_a, whole_b, piece_a, piece_b = map(_lab, (first.whole, second.whole, first.piece, second.piece))
    mirrored = piece_b[:, ::-1]
    mean_a, mean_b = first.facts[1:4], second.facts[1:4]
    chroma_a, chroma_b = np.hypot(*mean_a[1:]), np.hypot(*mean_b[1:])
    return np.array(
        [
            *_distances(whole_a, whole_b), *_distances(piece_a, piece_b), *_distances(piece_a, mirrored),
            min(_fitted(piece_a, piece_b), _fitted(piece_a, mirrored)),
            abs(mean_a[0] - mean_b[0]), np.hypot(*(mean_a[1:] - mean_b[1:])),
            (min(chroma_a, chroma_b) + 1) / (max(chroma_a, chroma_b) + 1),
            np.abs(first.facts[4:7] - second.facts[4:7]).mean(),
            abs(np.log((first.facts[0] + 0.01) / (second.facts[0] + 0.01))),
        ],
        np.float32,
    )  # fmt: skip


def _lab(grid: NDArray[np.uint8]) -> Array:
    return (grid.astype(np.float32) - (0, 128, 128)) / np.array([2.55, 1, 1], np.float32)


def _distances(first: Array, second: Array) -> tuple[float, float]:
    return float(np.abs(first[..., 0] - second[..., 0]).mean()), float(
        np.hypot(first[..., 1] - second[..., 1], first[..., 2] - second[..., 2]).mean()
    )


def _fitted(first: Array, second: Array) -> float:
    """1 - correlation of the lightness of two grids."""
    a, b = first[..., 0] - first[..., 0].mean(), second[..., 0] - second[..., 0].mean()
    return 1 - float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + GRID))


def compare_aligned(laid: Alignment) -> Array:
    """float32 [len(ALIGNED)]: how the placement is, and what differs after it."""
    valid, piece = laid.valid, laid.valid & laid.piece
    if valid.sum() < 50 or laid.correlation <= -1:
        return np.full(len(ALIGNED), np.nan, np.float32)
    if piece.sum() < 20:
        piece = valid
    ground = valid & ~piece
    difference = laid.second - laid.first
    left, gain_l, gain_ab, shift_ab = _explained(laid.first, laid.second, piece)
    left_all = np.sqrt((left**2).sum(axis=2))
    edges_a, edges_b = _edges(laid.first[..., 0]), _edges(laid.second[..., 0])
    ab = np.hypot(difference[..., 1], difference[..., 2])
    left_ab = np.hypot(left[..., 1], left[..., 2])
    total = np.sqrt((difference**2).sum(axis=2))
    blob = _blob(left_all, valid)
    scale, stretch, turn = _shape_of(laid.matrix)
    return np.array(
        [
            laid.correlation, np.log1p(laid.inliers), laid.inliers / max(1, laid.matches),
            valid.mean(), piece.sum() / max(1, laid.piece.sum()), scale, stretch, turn, float(laid.flipped),
            np.median(np.abs(difference[piece][:, 0])), np.median(ab[piece]), np.percentile(total[piece], 90),
            np.median(total[ground]) if ground.any() else 0.0, np.percentile(total[ground], 90) if ground.any() else 0.0,
            np.median(left_all[piece]), np.percentile(left_all[piece], 90),
            np.median(left_ab[piece]), np.percentile(left_ab[piece], 95),
            np.percentile(left_all[ground], 90) if ground.any() else 0.0,
            gain_l, gain_ab, shift_ab,
            _correlated(edges_a[valid], edges_b[valid]), _correlated(edges_a[piece], edges_b[piece]),
            blob.mean(), (blob & laid.piece).sum() / max(1, blob.sum()),
            _correlated(edges_a[blob], edges_b[blob]), np.median(left_ab[blob]) if blob.any() else 0.0,
            (left_all[piece] > CHANGED).mean(), (left_all[ground] > CHANGED).mean() if ground.any() else 0.0,
            _fine(laid.first[..., 0], laid.second[..., 0], piece),
        ],
        np.float32,
    )  # fmt: skip


def _explained(first: Array, second: Array, piece: NDArray[np.bool_]) -> tuple[Array, float, float, float]:
    """What of the difference no change of brightness, contrast, saturation or tint explains, [h, w, 3]; and that change.

    The straight lines are fitted to the piece alone, twice, the second time without the fifth that fits worst: a
    stamp must not bend them, and a new background says nothing about the piece.
    """
    keep = piece
    lightness, chroma, shift = (1.0, 0.0), 1.0, np.zeros(2)
    left = second - first
    for _ in range(2):
        a, b = first[keep].astype(np.float64), second[keep].astype(np.float64)
        gain = _slope(a[:, 0], b[:, 0])
        lightness = (gain, float(b[:, 0].mean() - gain * a[:, 0].mean()))
        centred_a, centred_b = a[:, 1:] - a[:, 1:].mean(axis=0), b[:, 1:] - b[:, 1:].mean(axis=0)
        chroma = float(np.clip((centred_a * centred_b).sum() / ((centred_a**2).sum() + len(a)), 0.0, 2.0))
        shift = b[:, 1:].mean(axis=0) - chroma * a[:, 1:].mean(axis=0)
        left = np.concatenate(
            [
                second[..., :1] - (lightness[0] * first[..., :1] + lightness[1]),
                second[..., 1:] - (chroma * first[..., 1:] + shift),
            ],
            axis=2,
        ).astype(np.float32)
        size = (left**2).sum(axis=2)
        keep = piece & (size <= np.percentile(size[piece], 80))
    return left, lightness[0], chroma, float(np.hypot(*shift))


def _slope(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    x, y = a - a.mean(), b - b.mean()
    return float(np.clip((x @ y) / (x @ x + len(a)), 0.0, 3.0))


def _edges(lightness: Array) -> Array:
    import cv2

    x = cv2.Sobel(lightness, cv2.CV_32F, 1, 0, ksize=3)
    y = cv2.Sobel(lightness, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(np.hypot(x, y), np.float32)


def _correlated(first: Array, second: Array) -> float:
    if len(first) < 8:
        return 1.0
    a, b = first - first.mean(), second - second.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-3))


def _blob(left: Array, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest spot that changed: a stamp, an engraving or a stone of another colour, bool [h, w]."""
    import cv2

    changed = cv2.morphologyEx(((left > CHANGED) & valid).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    if count < 2:
        return np.zeros_like(valid)
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def _fine(first: Array, second: Array, piece: NDArray[np.bool_]) -> float:
    """Correlation of what a blur takes away: highlights sit elsewhere in a photo that was taken anew."""
    import cv2

    fine = [channel - cv2.GaussianBlur(channel, (0, 0), 1.5) for channel in (first, second)]
    return _correlated(fine[0][piece], fine[1][piece])


def _shape_of(matrix: Array) -> tuple[float, float, float]:
    """|log| of scale and stretch, and turn in degrees, of a placement in shares."""
    u, s, v = np.linalg.svd(matrix[:, :2].astype(np.float64))
    turn = np.degrees(np.arctan2(*(u @ v)[::-1, 0]))
    return float(abs(np.log(np.sqrt(s[0] * s[1]) + 1e-6))), float(np.log(s[0] / (s[1] + 1e-6))), float(abs(turn))
