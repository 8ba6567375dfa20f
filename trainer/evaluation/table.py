"""The result of an evaluation, and of a comparison, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from indexer.system.text import counted
from trainer.evaluation.metrics import CATEGORY_KEYS, PRODUCT_KEYS
from trainer.evaluation.sheet import Row, Sheet

NOT_MEASURED = "-"

PROTOCOLS = {
    "photo_vs_photos": "every photo against all others",
    "query_vs_gallery": "query photos against the gallery",
    "query_vs_catalog": "query photos against the catalog pictures",
}

_UNKNOWN = "The model began with one that does not say what it had seen: it may know more of these photos."


def tables(result: Mapping[str, Any]) -> RenderableType:
    """Category, product and edited-copy tables, what they are worth, and a last line about the photos and the model."""
    parts = _figures(result)
    seen, unseen = result.get("seen"), result.get("unseen")
    if seen and _known(seen):
        parts.append(_seen(seen, result["images"]["count"]))
        if unseen:
            parts += _figures(unseen, _of_unseen(unseen))
    if seen and seen.get("known") is False:
        parts.append(Text(_UNKNOWN, style="yellow"))
    if result.get("classification"):
        parts += _classification(result["classification"])
    if unseen and unseen.get("classification"):
        parts += _classification(unseen["classification"], _of_unseen(unseen))
    images, model = result["images"], result["model"]
    parts += [_hub(hub) for hub in images.get("hubs") or ()]
    line = f"{images['count']:,} photos, model {model['name']} ({model['fingerprint'][:12]}, {model['size']} px)"
    parts.append(Text(line, style="dim"))
    if images["rejected"]:
        parts.append(_rejects(images))
    return Group(*parts)


def _of_unseen(unseen: Mapping[str, Any]) -> str:
    return f": {counted(unseen['images']['count'], 'unseen photo')} alone"


def _hub(hub: Mapping[str, Any]) -> Text:
    words = f"{hub['photo']} is one picture of many products ({hub['photos']:,} photos) and took no part."
    return Text(words, style="dim")


def comparison(result: Mapping[str, Any]) -> RenderableType:
    """Two models side by side, a figure a line, with the interval of the difference and what it says."""
    names = [result[side]["name"] for side in ("a", "b")]
    rows = [
        Row(one["what"], (f"{one['a']:.3f}", f"{one['b']:.3f}", f"{one['difference']:+.3f}", *_verdict(one)))
        for one in result["differences"]
    ]
    parts: list[RenderableType] = [Text(f"A is {names[0]}, B is {names[1]}.")]
    if rows:
        heads = ("figure", "A", "B", "B - A", f"{100 * result['level']:.0f} % interval", "better")
        parts.append(Sheet("Two models on the same questions", heads, rows))
        parts.append(Text(result["verdict"], style="bold"))
    else:
        parts.append(Text("Nothing to compare: these photos give no figure; it takes two categories, or two products."))
    parts += [Text(note, style="yellow") for note in result["notes"]]
    images = result["images"]
    parts.append(Text(f"{counted(images['count'], 'photo')} asked about.", style="dim"))
    if images["rejected"]:
        parts.append(_rejects(images))
    return Group(*parts)


def _figures(result: Mapping[str, Any], of: str = "") -> list[RenderableType]:
    parts: list[RenderableType] = []
    if result["category"] is not None:
        parts.append(_categories(result, of))
    else:
        parts.append(Text(_no_category(result)))
    parts.append(_finding(result, of))
    kept = [_colour_line(field, row) for field, row in (result.get("colour_kept") or {}).items()]
    return [*parts, *kept]


def _no_category(result: Mapping[str, Any]) -> str:
    names = list(result["per_category"])
    if not names:
        return "By category: not measured; no photo has a category."
    if len(names) == 1:
        return f"By category: not measured; all photos are of one category ({names[0]}), so every hit would be right."
    return "By category: not measured; no category has photos of two products."


def _categories(result: Mapping[str, Any], of: str) -> Sheet:
    rows = [
        Row(name, (*_cells(row, CATEGORY_KEYS), f"{row['images']:,}")) for name, row in result["per_category"].items()
    ]
    photos = sum(row["images"] for row in result["per_category"].values())
    rows.append(Row("all photos", (*_cells(result["category"], CATEGORY_KEYS), f"{photos:,}"), last=True))
    edges = (result.get("intervals") or {}).get("category") or {}
    for at, name in ((0, "  at least"), (1, "  at most")):
        if any(edges.values()):
            ends = {key: pair and pair[at] for key, pair in edges.items()}
            rows.append(Row(name, (*_cells(ends, CATEGORY_KEYS), "")))
    for name, figures in (
        ("mean of categories", result.get("category_macro")),
        ("no near-duplicates", (result.get("without_near_duplicates") or {}).get("category")),
        ("at random", _chance(result)),
    ):
        if figures:
            rows.append(Row(name, (*_cells(figures, CATEGORY_KEYS), "")))
    return Sheet(
        f"Same category among the most similar of other products{of}", ("category", *CATEGORY_KEYS, "photos"), rows
    )


def _chance(result: Mapping[str, Any]) -> dict[str, float]:
    chance = result.get("chance")
    return {} if chance is None else {key: chance for key in CATEGORY_KEYS if key.startswith("P@")}


def _finding(result: Mapping[str, Any], of: str) -> Sheet:
    rows = []
    for protocol, row in (result["product"] or {}).items():
        if row is not None:
            cells = (*_cells(row, PRODUCT_KEYS), f"{row['queries']:,}", f"{row['gallery']:,}")
            rows.append(Row(f"same product: {PROTOCOLS[protocol]}", cells))
    if not rows:
        rows.append(Row("same product: not measured, one photo each or one product", [NOT_MEASURED] * 5))
    copies, count = result["edited_copy"], result["images"]["count"]
    beside = (f"{copies['edits']:,}", f"{count:,}")
    rows.append(Row("the original of an edited copy", (*_cells(copies, PRODUCT_KEYS), *beside)))
    if copies.get("with_near_duplicates"):
        cells = (*_cells(copies["with_near_duplicates"], PRODUCT_KEYS), *beside)
        rows.append(Row("  or a near-duplicate of it", cells))
    return Sheet(f"Finding one particular thing{of}", ("question", *PRODUCT_KEYS, "queries", "among"), rows)


def _colour_line(field: str, row: Mapping[str, Any]) -> Text:
    return Text(
        f"Of the ten most similar of its category, {row['kept']:.3f} have a photo's {field} "
        f"({row['chance']:.3f} at random; {row['queries']:,} photos)."
    )


def _known(seen: Mapping[str, Any]) -> int:
    return int(seen["photos"]) + int(seen["near_duplicates"]) + int(seen["products"])


def _seen(seen: Mapping[str, Any], count: int) -> Text:
    told = [
        f"{seen[name]:,} {words}"
        for name, words in (
            ("photos", "trained this model"),
            ("near_duplicates", "have a near-duplicate that did"),
            ("products", "show a product that did"),
        )
        if seen[name]
    ]
    there = "is 1" if seen["unseen"] == 1 else f"are {seen['unseen']:,}"
    return Text(
        f"Of {counted(count, 'photo')} {', '.join(told)}: the figures of all photos are better than what to expect of "
        f"photos it has never seen, of which there {there}.",
        style="yellow",
    )


def _verdict(one: Mapping[str, Any]) -> tuple[str, str]:
    if one["interval"] is None:
        return NOT_MEASURED, NOT_MEASURED
    low, high = one["interval"]
    return f"{low:+.3f} .. {high:+.3f}", (one["better"] or "no difference").replace("a", "A", 1).replace("b", "B", 1)


def _classification(found: Mapping[str, Any], of: str = "") -> list[RenderableType]:
    """How well categories are told: precision and recall of each, and what each is mostly mistaken for."""
    rows = []
    for number, (name, figures) in enumerate(found["per_category"].items()):
        told = zip(found["confusion"][number], found["categories"], strict=True)
        mistaken = [one for place, one in enumerate(told) if place != number]
        most, other = max(mistaken, default=(0, ""))
        cells = (*_cells(figures, ("precision", "recall")), f"{figures['photos']:,}", f"{other} {most}" if most else "")
        rows.append(Row(name, cells))
    line = f"Told right: {found['accuracy']:.3f}, among the first three {found['top_3']:.3f}"
    line += f"; sure by {found['ece']:.3f} too much or too little"
    if found["none_of_these"] is not None:
        line += f"; called none of these {found['none_of_these']:.3f}"
    heads = ("category", "precision", "recall", "photos", "mostly mistaken for")
    return [Sheet(f"Telling the category{of}", heads, rows), Text(f"{line}.")]


def _rejects(images: Mapping[str, Any]) -> Text:
    shown = images["rejects"][:10]
    lines = [f"{images['rejected']:,} rejected:", *(f"  {r['where']}: {r['reason']}" for r in shown)]
    if images["rejected"] > len(shown):
        lines.append(f"  … and {images['rejected'] - len(shown):,} more (all of them: --json)")
    return Text("\n".join(lines), style="yellow")


def _cells(row: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    return [NOT_MEASURED if row.get(key) is None else f"{row[key]:.3f}" for key in keys]
