"""The words and tables of a report: what each figure means, said so that a shop owner can use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from indexer.system.text import counted
from trainer.evaluation.metrics import CATEGORY_KEYS, PRODUCT_KEYS
from trainer.report.figures import Figure, figures, level
from trainer.report.retrieval_grid import GridRow, HeldOut

PRECISION = (
    "For every held-out photo the model looks for the most similar of the other held-out photos. A hit is right when "
    "it belongs to the same category. The bars say which share of the first hit, the first 3, 5 and 10 is right: 1 is "
    "perfect, and the dashed line is what blind guessing would reach.",
    "On the right, the same for each category. A short bar, or a dot far left of its bar, marks a category that the "
    "model confuses with others: more photos of it, or fewer wrongly filed ones, help most.",
)
CLASSIC = (
    "The classic recipe is the triplet loss as it is mostly taught: triplets at random, margin 1.0, 30 epochs. It was "
    "given the same photos, as the same network sees them."
)
TRADE_OFF = (
    "One number decides what “similar” means: how much of the likeness is that of the category, and how much that of "
    "the very piece. Each point is what the validation photos gave at that share. To the left more hits are of the "
    "right category, to the right an edited copy finds its original more often. The line marks what this model takes; "
    "<code>trainer fit --detail 0..1</code> chooses another share.",
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


def lead(held_out: HeldOut, record: Mapping[str, Any]) -> str:
    """What the figures were measured on, and whether the model, or one that it began with, had seen any of it."""
    if not held_out:
        return "No photo was held out, so nothing was measured: `trainer evaluate` measures it on other photos."
    products = {product for _, _, product in held_out}
    categories = {category for _, category, _ in held_out if category}
    kinds = f" in {counted(len(categories), 'category', 'categories')}" if categories else ""
    measured = f"Measured on {counted(len(held_out), 'photo')} of {counted(len(products), 'product')}{kinds}"
    training = record.get("training")
    told = training.get("seen") if isinstance(training, Mapping) else None
    seen = told if isinstance(told, Mapping) else {}
    photos = training.get("photos") if isinstance(training, Mapping) else None
    if isinstance(photos, Mapping) and photos.get("held_out") == 0:
        return (
            f"{measured} that the model was made of: there are too few to hold any back. The figures say how it finds "
            "its way among these; expect less of photos that are new."
        )
    if seen.get("held_out"):
        return (
            f"{measured} that took no part in this training. But the model that it began with had seen "
            f"{counted(int(seen['held_out']), 'photo')} of these: expect less of photos that are new."
        )
    if seen.get("known") is False:
        return (
            f"{measured} that took no part in this training. The model that it began with does not say what it had "
            "seen: if these photos are among that, expect less of photos that are new."
        )
    return f"{measured} that took no part in training. That is what to expect from photos the model has never seen."


def headline(metrics: Mapping[str, Any], chance: float) -> list[str]:
    """The tiles at the top: the few figures that matter, in words, each with its interval where there is one."""
    tiles = []
    known = {figure.name: figure for figure in figures(metrics)}
    for key, words in (("P@1", "of first hits"), ("P@10", "of the first ten hits")):
        if key in known:
            before = known[key].before
            compared = [f"before training: {_percent(before)}"] if before is not None else []
            compared += [f"blind guessing: {_percent(chance)}"]
            words = f"{words} are of the right category"
            tiles.append(_tile(known[key].value, words, " · ".join(compared), key, _within(known[key], metrics)))
    for protocol, row in (metrics.get("product") or {}).items():
        if row is not None and row.get("R@1") is not None:
            tiles.append(_tile(row["R@1"], "of searches find the product first", PROTOCOLS[protocol], "R@1"))
    copies = metrics.get("edited_copy") or {}
    if "edited copy" in known:
        words = "of cropped, turned and recoloured copies find their original first"
        beside = f"among {counted(copies['edits'], 'photo')}" if copies.get("edits") else ""
        near = (copies.get("with_near_duplicates") or {}).get("R@1")
        beside += f" · with near-duplicates counted: {_percent(near)}" if near is not None else ""
        figure = known["edited copy"]
        tiles.append(_tile(figure.value, words, beside, "R@1", _within(figure, metrics)))
    return tiles


def compared_table(metrics: Mapping[str, Any]) -> str:
    """The figures that matter with their intervals, before training and of the classic recipe, where measured."""
    known = figures(metrics)
    if not known:
        return ""
    columns: list[tuple[str, Callable[[Figure], str]]] = [("this model", lambda one: _number(one.value))]
    if any(one.interval for one in known):
        columns.append((f"{100 * level(metrics):.0f} % interval", _interval))
    if any(one.classic is not None for one in known):
        columns.append(("classic recipe", lambda one: _number(one.classic)))
    if any(one.before is not None for one in known):
        columns.append(("before training", lambda one: _number(one.before)))
    head = "".join(f"<th>{safe(name)}</th>" for name, _ in columns)
    lines = "".join(
        f"<tr><td><b>{safe(one.name)}</b> <small>{safe(one.what)}</small></td>"
        f"{''.join(f'<td>{cell(one)}</td>' for _, cell in columns)}</tr>"
        for one in known
    )
    words = "All figures run from 0 to 1, higher is better, and are of the held-out photos."
    if any(one.interval for one in known):
        words += (
            " An interval says how far a figure may be off because these are the photos that happened to be held out: "
            f"it is made so that it holds the true figure {100 * level(metrics):.0f} times in a hundred."
        )
    table = f'<div class="scroll"><table class="figures"><tr><th>figure</th>{head}</tr>{lines}</table></div>'
    return section("The figures", (words,), table)


def grid_text(rows: Sequence[GridRow]) -> tuple[str, ...]:
    """How the rows of the grid were chosen."""
    kinds = Counter(row.kind for row in rows)
    legend = (
        "Left, the query: a photo that somebody searches with. Beside it, what the model finds most similar, best "
        "first. "
    )
    similarity = "The number is the similarity: 1 is the same picture."
    if kinds["any"]:
        return (legend + similarity, "The searches are taken evenly from all photos, whatever the model makes of them.")
    typical, best, worst = kinds["typical"], kinds["best"], kinds["worst"]
    chosen = (
        f"The {counted(typical, 'typical search', 'typical searches')} below "
        f"{'is' if typical == 1 else 'are'} not the best: all photos of a category are sorted by how well the model "
        "did on them (average precision), and the one exactly in the middle is shown."
    )
    if best:
        chosen += f" Then {'one' if best == 1 else best} of those it did best on."
    if worst:
        chosen += (
            f" The last {'one is' if worst == 1 else f'{worst} are'} the opposite: the photos it did worst on, from "
            "different categories as far as there are any. Look at them first: often the photo lies in the wrong "
            "category, or shows two things at once."
        )
    frames = "A green frame with a tick is the right category, a red one with a cross a wrong one. "
    return (legend + frames + similarity, chosen)


KINDS = {"typical": "typical", "best": "among the best", "worst": "among the worst"}


def grid_row(row: GridRow, held_out: HeldOut, image: str) -> str:
    """One search of the grid: its picture strip and the captions below it."""
    _, category, product = held_out[row.query]
    captions = ["<li>query</li>"]
    for hit, score in zip(row.hits, row.scores, strict=True):
        if row.kind == "any":
            captions.append(f"<li>{score:.2f}<br>{safe(held_out[hit][2])}</li>")
        elif held_out[hit][1] == category:
            captions.append(f'<li class="right">{score:.2f}</li>')
        else:
            captions.append(f'<li class="wrong">{score:.2f}<br>{safe(held_out[hit][1])}</li>')
    head, *rest = [part for part in (category, product, KINDS.get(row.kind)) if part]
    beside = "".join(f" · {safe(part)}" for part in rest)
    return (
        f'<div class="row"><h3>{safe(head)} <span>{beside}</span></h3>'
        f'<div class="scroll"><div class="strip">{image}<ol>{"".join(captions)}</ol></div></div></div>'
    )


def grid_alt(row: GridRow, held_out: HeldOut) -> str:
    """A search of the grid in words, safe for a page."""
    _, category, product = held_out[row.query]
    if row.kind == "any":
        return safe(f"{product} and its {len(row.hits)} hits")
    right = sum(held_out[hit][1] == category for hit in row.hits)
    return safe(f"{product} ({category}) and its {len(row.hits)} hits, {right} of them right")


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


def _within(figure: Figure, metrics: Mapping[str, Any]) -> str:
    if figure.interval is None:
        return ""
    low, high = figure.interval
    return f"{100 * level(metrics):.0f} % interval: {100 * low:.1f} to {_percent(high)}"


def _interval(figure: Figure) -> str:
    return "-" if figure.interval is None else f"{figure.interval[0]:.3f} to {figure.interval[1]:.3f}"


def _tile(value: float, words: str, beside: str, key: str, within: str = "") -> str:
    small = "".join(f"<em>{line}</em>" for line in (within, beside) if line)
    return f'<div class="tile"><b>{_percent(value)} <small>{key}</small></b><span>{words}</span>{small}</div>'


def _category_line(name: str, row: Mapping[str, Any], attributes: str) -> str:
    first = row.get("P@1")
    bar = f' class="share" style="--share:{100 * first:.1f}%"' if first is not None else ""
    cells = [f"<td{bar}>{_number(first)}</td>", *(f"<td>{_number(row.get(key))}</td>" for key in CATEGORY_KEYS[1:])]
    return f"<tr{attributes}><td>{safe(name)}</td>{''.join(cells)}<td>{row['images']:,}</td></tr>"


def _finding_line(name: str, row: Mapping[str, Any], searches: int, among: int) -> str:
    cells = "".join(f"<td>{_number(row.get(key))}</td>" for key in PRODUCT_KEYS)
    return f"<tr><td>{name}</td>{cells}<td>{searches:,}</td><td>{among:,}</td></tr>"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", _setting(name, value)


def _setting(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "detail" and isinstance(value, float) and value < 0:
        return "chosen on validation"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float) -> str:
    return "100 %" if value == 1 else f"{100 * value:.1f} %"
