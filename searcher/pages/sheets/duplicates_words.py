"""What a report of duplicates says to people: tiers and differing fields in words, from its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.system.text import printable
from searcher.answers.wording import shown_fields, written
from searcher.insights.duplicates.answers import Tier

TIERS: Mapping[str, str] = {
    Tier.IDENTICAL_FILE: "Same file",
    Tier.IDENTICAL_PIXELS: "Same pixels",
    Tier.EDITED: "Edited copies",
    Tier.OTHER_PHOTO: "Other photos",
    Tier.VARIANT: "Variants",
}
"""Groups of each tier."""

WHAT_IT_IS: Mapping[str, str] = {
    Tier.IDENTICAL_FILE: "The same file, byte for byte",
    Tier.IDENTICAL_PIXELS: "Saved differently, every pixel is the same",
    Tier.EDITED: "The same picture, edited",
    Tier.OTHER_PHOTO: "Probably the same product, photographed again",
    Tier.VARIANT: "The same design in another version",
}
"""What a photo is to the one it was compared with."""

ALIGNED = frozenset({Tier.EDITED, Tier.OTHER_PHOTO, Tier.VARIANT})
"""Where a picture of the difference shows something."""

_NOT_COMPARED = ("url",)


def certainty(probability: float | None) -> str:
    """A probability for people: 97 %, never 100 %; of what is certain, nothing needs to be said."""
    if probability is None or probability >= 1:
        return ""
    percent = min(99.9, round(100 * probability, 1)) if probability > 0.99 else round(100 * probability)
    return f"{percent} %"


def differing_fields(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Field, value of the first and value of the second photo, where their products differ.

    Both are photos of `Photo` as JSON, so that the category counts as well.
    """
    if first["product_id"] == second["product_id"]:
        return []
    one, other = ({"category_": photo["category"], **photo["payload"]} for photo in (first, second))
    rows = []
    for field in ["category_", *(name for name in shown_fields([one, other]) if name != "category_")]:
        values = written(one, field), written(other, field)
        if values[0] != values[1] and field not in _NOT_COMPARED:
            rows.append((field.rstrip("_").replace("_", " "), *values))
    return rows


def several(values: Sequence[str]) -> str:
    """``rings, watches`` or ``rings, watches and 3 more``."""
    known = [value for value in dict.fromkeys(values) if value]
    return ", ".join(known[:3]) + (f" and {len(known) - 3} more" if len(known) > 3 else "")


def name_of(photo: Mapping[str, Any]) -> str:
    """What a photo's product is called: its title, else its id."""
    return printable(str(photo.get("payload", {}).get("title") or photo["product_id"]))
