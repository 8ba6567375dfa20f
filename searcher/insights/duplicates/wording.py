"""A report of duplicates for people: what was measured of two photos in words, and its rows as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.system.text import printable

COLUMNS = (
    "entry",
    "group",
    "group_tier",
    "tier",
    "role",
    "product_id",
    "title",
    "photo",
    "category",
    "price",
    "currency",
    "probability",
    "cosine",
    "phash_distance",
    "matched_features",
    "overlap",
    "colour_difference",
    "flipped",
    "decided_by",
    "crosses_categories",
    "prices_differ",
    "width",
    "height",
    "bytes",
    "sha256",
    "reasons",
)
"""``entry`` is group, pair, placeholder or blank; ``tier`` is what the photo is to the first of its group; ``role`` is
keep, delete or -."""

NOTICEABLE, CLEAR = 3.0, 12.0
"""ΔE (CIELAB, 1976) from which a difference in colour can be noticed, and is plain to see."""


def evidence_in_words(evidence: Mapping[str, Any] | None) -> list[str]:
    """What was measured, a few words each; ``evidence`` is that of `Evidence.to_json`."""
    if not evidence:
        return []
    words: list[str] = []
    if (by := evidence.get("decided_by")) is not None:
        words.append(f"decided by {printable(str(by))}")
    if (cosine := evidence.get("cosine")) is not None:
        words.append(f"alike by {cosine:.3f}")
    if (bits := evidence.get("phash_distance")) is not None:
        words.append("same picture hash" if bits == 0 else f"{bits} of 64 hash bits differ")
    if features := evidence.get("matched_features"):  # none where the pieces' outlines alone placed it
        words.append(f"{features} details in place")
    if evidence.get("flipped"):
        words.append("mirrored")
    if turned := evidence.get("turned"):
        words.append(f"turned by {turned}°")
    if (overlap := evidence.get("overlap")) is not None and overlap < 0.995:
        words.append(f"covers {100 * overlap:.0f} % of it")
    if (colour := evidence.get("colour_difference")) is not None:
        kind = "same colours" if colour < NOTICEABLE else "colours differ" if colour < CLEAR else "other colours"
        words.append(f"{kind} (ΔE {colour:.1f})")
    return words
