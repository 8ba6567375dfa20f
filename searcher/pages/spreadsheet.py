"""Rows as CSV that a spreadsheet opens without running anything: no cell of a catalog's text begins a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from indexer.system.text import printable
from searcher.pages.sheets.duplicates_words import evidence_in_words

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
"""``entry`` is group or pair; ``tier`` is what the photo is to the first of its group; ``role`` keep, delete or -."""
_EVIDENCE = ("cosine", "phash_distance", "matched_features", "overlap", "colour_difference", "flipped", "decided_by")


_FORMULA = ("=", "+", "-", "@")


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and a line per row; columns that a row lacks are empty, and those not named are left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(row.get(column)) for column in columns])
    return text.getvalue()


def safe(value: Any) -> Any:
    """A value as a cell: numbers as they are; texts on one line, with an apostrophe before what looks like a formula.

    A sign alone is no formula.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    text = printable(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
    return f"'{text}" if len(text) > 1 and text.startswith(_FORMULA) else text


def duplicates_csv(document: Mapping[str, Any]) -> str:
    """The table of a `DuplicateReport.to_json`."""
    return to_csv(COLUMNS, _rows(document))


def _rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for group in document["groups"]:
        about = {
            "entry": "group",
            "group": group["id"],
            "group_tier": group["tier"],
            "crosses_categories": group["crosses_categories"],
            "prices_differ": group["prices_differ"],
        }
        for member in group["members"]:
            role = "delete" if member["delete"] else "keep" if member["keep"] else "-"
            yield {**about, **_photo(member), **_found(member), "role": role}
    for number, pair in enumerate(document["loose_pairs"], start=1):
        about = {"entry": "pair", "group": f"pair {number}", "group_tier": pair["tier"], "role": "-"}
        yield {**about, **_photo(pair["first"])}
        yield {**about, **_photo(pair["second"]), **_found(pair)}


def _photo(photo: Mapping[str, Any]) -> dict[str, Any]:
    payload = photo["payload"]
    own = {name: photo[name] for name in ("product_id", "photo", "category", "width", "height", "bytes", "sha256")}
    return {**own, **{name: payload.get(name) for name in ("title", "price", "currency")}}


def _found(compared: Mapping[str, Any]) -> dict[str, Any]:
    """What a member or a pair was found to be."""
    evidence = compared["evidence"] or {}
    return {
        "tier": compared["tier"],
        "probability": compared["probability"],
        **{name: evidence.get(name) for name in _EVIDENCE},
        "reasons": printable("; ".join(evidence_in_words(evidence))),
    }
