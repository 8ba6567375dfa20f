"""A pair of pictures as a row of numbers: what the verifier judges by.

Three groups: what the index knows already (embeddings, hashes), what signatures say, and what is left of the difference
after one picture has been laid over the other. A row without an alignment has NaN in the last group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from searcher.insights.duplicates.compare.alignment import LEAST_PIXELS, NOTHING_ALIKE, Alignment
from searcher.insights.duplicates.compare.colours.tones import FACTS, facts
from searcher.insights.duplicates.compare.quick_percentiles import median, percentile, percentiles
from searcher.insights.duplicates.compare.residue import NAMES as RESIDUE
from searcher.insights.duplicates.compare.residue import fine, residue
from searcher.insights.duplicates.compare.signature import GRID, Array, Signatures

KNOWN = ("nearer", "nearest", "rank", "phash")
"""The distance of the embeddings as a share of that to each photo's fifth neighbour, the larger and the lesser share:
no cosine stands here, as every model has a scale of its own. The better place of one in the other's list, from 0;
differing bits of the perceptual hashes."""
PHASH = KNOWN.index("phash")
COMPARED = (
    "whole_l",
    "whole_ab",
    "piece_l",
    "piece_ab",
    "mirror_l",
    "mirror_ab",
    "fitted",
    "mean_l",
    "mean_ab",
    "chroma_ratio",
    "spread",
    "share",
)
ALIGNED = (
    "correlation",
    "inliers",
    "matched",
    "overlap",
    "covered",
    "scale",
    "stretch",
    "turn",
    "flipped",
    "piece_median_l",
    "piece_median_ab",
    "piece_tail",
    "ground_median",
    "ground_tail",
    "edges",
    "edges_piece",
    "fine",
    "mostly",
    *RESIDUE,
)
NAMES = (*KNOWN, *COMPARED, *ALIGNED)
"""What the trees know."""
CLOSE = (*ALIGNED, *FACTS)
"""What a close comparison gives: rules look at the last of it, whatever the trees have learned."""
_BLOCK = 4096
Rows = NDArray[np.int64]
WORTH_A_LOOK = 0.8
"""Correlation from which two pictures are looked at once more, and larger."""
GLINTS = 1.5
"""Pixels of a blur that takes highlights away, which sit elsewhere in a photo that was taken anew."""
MOSTLY = 90
"""Percent of the pixels that correlate where a stamp was set on the rest."""


def compare_signatures(first: Signatures, a: Rows, second: Signatures, b: Rows) -> Array:
    """float32 [p, len(COMPARED)] of p pairs: distances of grids and of the pieces' colours, in CIELAB units.

    Rows of pictures that were not at hand are NaN.
    """
    parts = [_compared(first, a[k : k + _BLOCK], second, b[k : k + _BLOCK]) for k in range(0, len(a), _BLOCK)]
    return np.concatenate(parts) if parts else np.empty((0, len(COMPARED)), np.float32)


def _compared(first: Signatures, a: Rows, second: Signatures, b: Rows) -> Array:
    whole_a, whole_b = _lab(first.whole[a]), _lab(second.whole[b])
    piece_a, piece_b = _lab(first.piece[a]), _lab(second.piece[b])
    mirrored = piece_b[:, :, ::-1]
    facts_a, facts_b = first.facts[a], second.facts[b]
    chroma = np.stack([np.hypot(facts_a[:, 2], facts_a[:, 3]), np.hypot(facts_b[:, 2], facts_b[:, 3])])
    columns = [
        *_distances(whole_a, whole_b),
        *_distances(piece_a, piece_b),
        *_distances(piece_a, mirrored),
        np.minimum(_fitted(piece_a, piece_b), _fitted(piece_a, mirrored)),
        np.abs(facts_a[:, 1] - facts_b[:, 1]),
        np.hypot(facts_a[:, 2] - facts_b[:, 2], facts_a[:, 3] - facts_b[:, 3]),
        (chroma.min(axis=0) + 1) / (chroma.max(axis=0) + 1),
        np.abs(facts_a[:, 4:7] - facts_b[:, 4:7]).mean(axis=1),
        np.abs(np.log((facts_a[:, 0] + 0.01) / (facts_b[:, 0] + 0.01))),
    ]
    rows = np.stack(columns, axis=1).astype(np.float32)
    rows[np.isnan(facts_a[:, 0]) | np.isnan(facts_b[:, 0])] = np.nan
    return rows


def _lab(grids: NDArray[np.uint8]) -> Array:
    return np.asarray(
        (grids.astype(np.float32) - np.array([0, 128, 128], np.float32)) / np.array([2.55, 1, 1], np.float32),
        np.float32,
    )


def _distances(first: Array, second: Array) -> tuple[Array, Array]:
    apart = first - second
    return np.abs(apart[..., 0]).mean(axis=(1, 2)), np.hypot(apart[..., 1], apart[..., 2]).mean(axis=(1, 2))


def _fitted(first: Array, second: Array) -> Array:
    """1 - correlation of the lightness of two grids."""
    a = first[..., 0] - first[..., 0].mean(axis=(1, 2), keepdims=True)
    b = second[..., 0] - second[..., 0].mean(axis=(1, 2), keepdims=True)
    lengths = np.sqrt((a * a).sum(axis=(1, 2)) * (b * b).sum(axis=(1, 2)) + GRID)
    return np.asarray(1 - (a * b).sum(axis=(1, 2)) / lengths)


def compare_aligned(laid: Alignment) -> Array:
    """float32 [len(CLOSE)]: how the placement is, what differs after it, and what rules go by."""
    if laid.valid.sum() < LEAST_PIXELS or laid.correlation < NOTHING_ALIKE:
        row = np.full(len(CLOSE), np.nan, np.float32)  # what differs says nothing where nothing fits
        row[0] = laid.correlation
        return row
    followed, laid = laid.correlation, laid.settled
    valid, piece = laid.valid, laid.valid & laid.piece
    if piece.sum() < 20:
        piece = valid
    ground = valid & ~piece
    difference = laid.second - laid.first
    edges_a, edges_b = edges_of(laid.first[..., 0]), edges_of(laid.second[..., 0])
    ab = np.hypot(difference[..., 1], difference[..., 2])
    total = np.sqrt((difference**2).sum(axis=2))
    scale, stretch, turn = _shape_of(laid.matrix)
    mostly = _mostly_correlated(laid.first[..., 0][valid], laid.second[..., 0][valid])
    return np.array(
        [
            followed,
            np.log1p(laid.inliers),
            laid.inliers / max(1, laid.matches),
            valid.mean(),
            piece.sum() / max(1, laid.piece.sum()),
            scale,
            stretch,
            turn,
            float(laid.flipped),
            median(np.abs(difference[piece][:, 0])),
            median(ab[piece]),
            percentile(total[piece], 90),
            *(percentiles(total[ground], 50, 90) if ground.any() else (0.0, 0.0)),
            _correlated(edges_a[valid], edges_b[valid]),
            _correlated(edges_a[piece], edges_b[piece]),
            _correlated(*(fine(lab[..., 0], GLINTS)[piece] for lab in (laid.first, laid.second))),
            mostly,
            *_looked_at(laid if max(followed, mostly) >= WORTH_A_LOOK else None),
        ],
        np.float32,
    )


def _looked_at(laid: Alignment | None) -> Array:
    """What is left of the difference in larger pictures, [len(RESIDUE) + len(FACTS)]; NaN for what is not worth it."""
    if laid is None:
        return np.full(len(RESIDUE) + len(FACTS), np.nan, np.float32)
    first, second, valid, piece = laid.enlarged()
    return np.concatenate([residue(first, second, valid, piece), facts(first, second, valid)])


def edges_of(lightness: Array) -> Array:
    """How steep the lightness is at each pixel, [h, w]."""
    import cv2

    x = cv2.Sobel(lightness, cv2.CV_32F, 1, 0, ksize=3)
    y = cv2.Sobel(lightness, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(np.hypot(x, y), np.float32)


def _correlated(first: Array, second: Array) -> float:
    if len(first) < 8:
        return 1.0
    a, b = first - first.mean(), second - second.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-3))


def _mostly_correlated(first: Array, second: Array) -> float:
    """Correlation without the tenth that differs most: a badge or a stamp lies on a small part of the picture."""
    apart = second - first
    apart = np.abs(apart - median(apart))
    kept = apart <= percentile(apart, MOSTLY)
    return _correlated(first[kept], second[kept])


def _shape_of(matrix: Array) -> tuple[float, float, float]:
    """|log| of scale and stretch, and turn in degrees, of a placement in shares."""
    u, s, v = np.linalg.svd(matrix[:, :2].astype(np.float64))
    turn = np.degrees(np.arctan2(*(u @ v)[::-1, 0]))
    return float(abs(np.log(np.sqrt(s[0] * s[1]) + 1e-6))), float(np.log(s[0] / (s[1] + 1e-6))), float(abs(turn))
