"""The words and tables of a report: what each figure means, said so that a shop owner can use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from indexer.system.text import counted
from trainer.evaluation.metrics import CATEGORY_KEYS, PRODUCT_KEYS
from trainer.report.retrieval_grid import GridRow, HeldOut

PRECISION = (
    "For every held-out photo the model looks for the most similar of the other held-out photos. A hit is right when "
    "it belongs to the same category. The bars say which share of the first hit, the first 3, 5 and 10 is right: 1 is "
    "perfect, and the dashed line is what blind guessing would reach.",
    "On the right, the same for each category. A short bar, or a dot far left of its bar, marks a category that the "
    "model confuses with others: more photos of it, or fewer wrongly filed ones, help most.",
)
CURVES = (
    "One epoch is one pass over the training photos. The loss, which training drives down, should fall and level out. "
    "Photos that belong together should come closer to each other while different ones stay far apart. The validation "
    "photos took no part in learning; when their curve no longer rises, more epochs will not help.",
)
PROTOCOLS = {
    "photo_vs_photos": "Another photo of the same product, among all photos",
    "query_vs_gallery": "The same product, query photos asked against the gallery",
    "query_vs_catalog": "The same product, query photos asked against the catalog pictures",
}


def safe(value: object) -> str:
    """Text from the catalog or the settings, made safe for a page."""
    return escape(str(value))


def section(title: str, paragraphs: Sequence[str], body: str) -> str:
    """A section of the page; the paragraphs are the project's own words or already safe."""
    words = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<section>\n<h2>{title}</h2>\n{words}\n{body}\n</section>"


def lead(held_out: HeldOut) -> str:
    """What the figures were measured on."""
    products, categories = {product for _, _, product in held_out}, {category for _, category, _ in held_out}
    return (
        f"Measured on {counted(len(held_out), 'photo')} of {counted(len(products), 'product')} in "
        f"{counted(len(categories), 'category', 'categories')} that took no part in training. "
        "That is what to expect from photos the model has never seen."
    )


def headline(metrics: Mapping[str, Any], chance: float) -> list[str]:
    """The tiles at the top: the few figures that matter, in words."""
    tiles = []
    category = metrics.get("category") or {}
    if category.get("P@1") is not None:
        untrained = metrics.get("untrained") or {}
        for key, words in (("P@1", "of first hits"), ("P@10", "of the first ten hits")):
            compared = [f"before training: {_percent(untrained[key])}"] if untrained.get(key) is not None else []
            compared += [f"blind guessing: {_percent(chance)}"]
            tiles.append(_tile(category[key], f"{words} are of the right category", " · ".join(compared), key))
    for protocol, row in (metrics.get("product") or {}).items():
        if row is not None:
            tiles.append(_tile(row["R@1"], "of searches find the product first", PROTOCOLS[protocol], "R@1"))
    copies = metrics.get("edited_copy") or {}
    if copies.get("R@1") is not None:
        words = "of cropped, turned and recoloured copies find their original first"
        tiles.append(_tile(copies["R@1"], words, f"among {counted(copies['edits'], 'photo')}", "R@1"))
    return tiles


def grid_text(rows: Sequence[GridRow]) -> tuple[str, ...]:
    """How the rows of the grid were chosen."""
    typical = sum(row.typical for row in rows)
    worst = len(rows) - typical
    chosen = (
        f"The {counted(typical, 'typical search', 'typical searches')} below "
        f"{'is' if typical == 1 else 'are'} not the best: all photos of a category are sorted by how well the model "
        "did on them (average precision), and the one exactly in the middle is shown."
    )
    if worst:
        chosen += (
            f" The last {'one is' if worst == 1 else f'{worst} are'} the opposite: the photos it did worst on, from "
            "different categories as far as there are any. Look at them first: often the photo lies in the wrong "
            "category, or shows two things at once."
        )
    return (
        "Left, the query: a photo that somebody searches with. Beside it, what the model finds most similar, best "
        "first. A green frame with a tick is the right category, a red one with a cross a wrong one. The number is the "
        "similarity: 1 is the same picture.",
        chosen,
    )


def grid_row(row: GridRow, held_out: HeldOut, image: str) -> str:
    """One search of the grid: its picture strip and the captions below it."""
    _, category, product = held_out[row.query]
    kind = "typical" if row.typical else "among the worst"
    captions = ["<li>query</li>"]
    for hit, score in zip(row.hits, row.scores, strict=True):
        if held_out[hit][1] == category:
            captions.append(f'<li class="right">{score:.2f}</li>')
        else:
            captions.append(f'<li class="wrong">{score:.2f}<br>{safe(held_out[hit][1])}</li>')
    return (
        f'<div class="row"><h3>{safe(category)} <span>· {safe(product)} · {kind}</span></h3>'
        f'<div class="scroll"><div class="strip">{image}<ol>{"".join(captions)}</ol></div></div></div>'
    )


def grid_alt(row: GridRow, held_out: HeldOut) -> str:
    """A search of the grid in words, safe for a page."""
    category = held_out[row.query][1]
    right = sum(held_out[hit][1] == category for hit in row.hits)
    return safe(f"{held_out[row.query][2]} ({category}) and its {len(row.hits)} hits, {right} of them right")


def map_text(shown: int, of: int) -> tuple[str, ...]:
    """What the map is, and what it is not."""
    sample = f" To stay readable it shows {shown:,} of {of:,} photos, drawn at random." if shown < of else ""
    return (
        "Each dot is a photo, and photos that look alike to the model lie close together (a t-SNE map). Islands of one "
        "colour are categories it tells apart well; a dot in a foreign island is a look-alike or a wrongly filed "
        f"photo. Read the neighbourhoods only: how far apart two islands lie means nothing.{sample}",
    )


def category_table(metrics: Mapping[str, Any], chance: float) -> str:
    """All figures of each category."""
    overall, rows = metrics.get("category"), metrics.get("per_category") or {}
    if not overall:
        return ""
    head = "".join(f"<th>{key}</th>" for key in (*CATEGORY_KEYS, "photos"))
    lines = [_category_line(name, row, "") for name, row in rows.items()]
    total = {**overall, "images": sum(row["images"] for row in rows.values())}
    lines.append(_category_line("All photos", total, ' class="total"'))
    table = f'<div class="scroll"><table><tr><th>category</th>{head}</tr>{"".join(lines)}</table></div>'
    words = (
        "<b>P@K</b> is the share of right hits among the first K (fewer where the category has fewer others). "
        "<b>mAP</b> rewards having all photos of the category early in the list, not only the first few. <b>MAP@R</b> "
        "is stricter: a category with R other photos is judged by its first R hits alone. All run from 0 to 1, higher "
        f"is better; blind guessing gives a P@1 of {chance:.2f}."
    )
    return section("Category by category", (words,), table)


def finding_table(metrics: Mapping[str, Any]) -> str:
    """Same product, and the original of an edited copy."""
    lines = [
        _finding_line(PROTOCOLS[protocol], row, row["queries"], row["gallery"])
        for protocol, row in (metrics.get("product") or {}).items()
        if row is not None
    ]
    copies = metrics.get("edited_copy")
    if copies:
        lines.append(_finding_line("The original of an edited copy", copies, copies["edits"], copies["edits"]))
    if not lines:
        return ""
    head = "".join(f"<th>{key}</th>" for key in (*PRODUCT_KEYS, "searches", "among"))
    table = f'<div class="scroll"><table><tr><th>looked for</th>{head}</tr>{"".join(lines)}</table></div>'
    words = (
        "“Looks like this” needs more than the right category: the model must also tell one ring from another. "
        "<b>R@1</b> and <b>R@5</b> are the shares of searches that find the very thing at the first place, or among "
        "the first five. For the edited copies, each photo was cropped to between half and all of its area, turned by "
        "up to 12 degrees, sometimes mirrored, and changed in colour."
    )
    return section("Finding one particular piece", (words,), table)


def settings_list(settings: Mapping[str, Any]) -> str:
    """How the model was trained."""
    items = [f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in _flat(settings)]
    if not items:
        return ""
    return section("How it was trained", ("What to repeat for the same model.",), f"<dl>{''.join(items)}</dl>")


def rejects(metrics: Mapping[str, Any]) -> str:
    """Photos that could not be used, if any."""
    images = metrics.get("images") or {}
    if not images.get("rejected"):
        return ""
    shown = images["rejects"][:50]
    lines = "".join(f"<tr><td>{safe(r['where'])}</td><td>{safe(r['reason'])}</td></tr>" for r in shown)
    more = f"<p class=note>… and {images['rejected'] - len(shown):,} more.</p>" if images["rejected"] > 50 else ""
    words = f"{counted(images['rejected'], 'photo')} could not be used and took no part in any figure above."
    return section("Left out", (words,), f"<table><tr><th>where</th><th>why</th></tr>{lines}</table>{more}")


def footer(metrics: Mapping[str, Any]) -> str:
    """Which model this is, to tell reports apart."""
    model = metrics.get("model") or {}
    parts = [f"fingerprint {safe(model['fingerprint'][:12])}"] if model.get("fingerprint") else []
    parts += [f"input {safe(model['size'])} px"] if model.get("size") else []
    parts += [f"{safe(model['dimension'])} numbers a photo"] if model.get("dimension") else []
    return " · ".join(["jewelry-similarity", *parts])


def _tile(value: float, words: str, beside: str, key: str) -> str:
    small = f"<em>{beside}</em>" if beside else ""
    return f'<div class="tile"><b>{_percent(value)} <small>{key}</small></b><span>{words}</span>{small}</div>'


def _category_line(name: str, row: Mapping[str, Any], attributes: str) -> str:
    first = row.get("P@1")
    bar = f' class="share" style="--share:{100 * first:.1f}%"' if first is not None else ""
    cells = [f"<td{bar}>{_number(first)}</td>", *(f"<td>{_number(row.get(key))}</td>" for key in CATEGORY_KEYS[1:])]
    return f"<tr{attributes}><td>{safe(name)}</td>{''.join(cells)}<td>{row['images']:,}</td></tr>"


def _finding_line(name: str, row: Mapping[str, Any], searches: int, among: int) -> str:
    cells = "".join(f"<td>{_number(row.get(key))}</td>" for key in PRODUCT_KEYS)
    return f"<tr><td>{name}</td>{cells}<td>{searches:,}</td><td>{among:,}</td></tr>"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float) -> str:
    return "100 %" if value == 1 else f"{100 * value:.1f} %"
