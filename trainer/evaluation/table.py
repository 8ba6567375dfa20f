"""The result of an evaluation as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trainer.evaluation.metrics import CATEGORY_KEYS, PRODUCT_KEYS

NOT_MEASURED = "-"

PROTOCOLS = {
    "photo_vs_photos": "every photo against all others",
    "query_vs_gallery": "query photos against the gallery",
    "query_vs_catalog": "query photos against the catalog pictures",
}


def tables(result: Mapping[str, Any]) -> RenderableType:
    """Category, product and edited-copy tables, and a last line about the photos and the model."""
    parts: list[RenderableType] = []
    if result["category"] is not None:
        parts.append(_categories(result))
    else:
        parts.append(Text("By category: not measured; no category has two photos."))
    parts.append(_finding(result))
    if result.get("classification"):
        parts.append(_classification(result["classification"]))
    images, model = result["images"], result["model"]
    line = f"{images['count']:,} photos, model {model['name']} ({model['fingerprint'][:12]}, {model['size']} px)"
    parts.append(Text(line, style="dim"))
    if images["rejected"]:
        parts.append(_rejects(images))
    return Group(*parts)


def _categories(result: Mapping[str, Any]) -> Table:
    table = Table(title="Same category among the most similar", title_justify="left")
    table.add_column("category")
    for key in (*CATEGORY_KEYS, "photos"):
        table.add_column(key, justify="right")
    for name, row in result["per_category"].items():
        table.add_row(escape(name), *_cells(row, CATEGORY_KEYS), f"{row['images']:,}")
    table.add_section()
    photos = sum(row["images"] for row in result["per_category"].values())
    table.add_row("all photos", *_cells(result["category"], CATEGORY_KEYS), f"{photos:,}", style="bold")
    return table


def _finding(result: Mapping[str, Any]) -> Table:
    table = Table(title="Finding one particular thing", title_justify="left")
    table.add_column("question")
    for key in (*PRODUCT_KEYS, "queries", "among"):
        table.add_column(key, justify="right")
    for protocol, row in (result["product"] or {}).items():
        if row is not None:
            cells = (*_cells(row, PRODUCT_KEYS), f"{row['queries']:,}", f"{row['gallery']:,}")
            table.add_row(f"same product: {PROTOCOLS[protocol]}", *cells)
    if result["product"] is None:
        table.add_row("same product: not measured, one photo each", *[NOT_MEASURED] * 5)
    copies = result["edited_copy"]
    cells = (*_cells(copies, PRODUCT_KEYS), f"{copies['edits']:,}", f"{result['images']['count']:,}")
    table.add_row("the original of an edited copy", *cells)
    return table


def _classification(found: Mapping[str, Any]) -> Table:
    table = Table(title="Telling the category", title_justify="left")
    table.add_column("category")
    for key in ("precision", "recall", "photos"):
        table.add_column(key, justify="right")
    table.add_column("taken for", overflow="fold")
    for number, (name, row) in enumerate(found["per_category"].items()):
        others = [(count, found["categories"][n]) for n, count in enumerate(found["confusion"][number]) if n != number]
        mistaken = ", ".join(f"{other} {count}" for count, other in sorted(others, key=lambda one: -one[0]) if count)
        table.add_row(escape(name), *_cells(row, ("precision", "recall")), f"{row['photos']:,}", escape(mistaken))
    table.add_section()
    figures = f"accuracy {found['accuracy']:.3f}, top 3 {found['top_3']:.3f}, calibration error {found['ece']:.3f}"
    if found["none_of_these"] is not None:
        figures += f", none of these {found['none_of_these']:.3f}"
    table.add_row("all photos", "", "", f"{found['photos']:,}", figures, style="bold")
    return table


def _rejects(images: Mapping[str, Any]) -> Text:
    shown = images["rejects"][:10]
    lines = [f"{images['rejected']:,} rejected:", *(f"  {r['where']}: {r['reason']}" for r in shown)]
    if images["rejected"] > len(shown):
        lines.append(f"  … and {images['rejected'] - len(shown):,} more (all of them: --json)")
    return Text("\n".join(lines), style="yellow")


def _cells(row: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    return [NOT_MEASURED if row.get(key) is None else f"{row[key]:.3f}" for key in keys]
