"""An answer as a table for a terminal, or as whole lines for a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.system.text import counted, printable
from searcher.answers.answer import Answer, Match
from searcher.answers.facet import Facet, FacetRange, FacetValue
from searcher.answers.naming import NAMED
from searcher.answers.product import ProductPage
from searcher.answers.variants import Variants
from searcher.answers.wording import in_words, nothing, shown_fields, written

PIPE_WIDTH = 10_000
"""Columns when nobody looks: wide enough that nothing is cut."""

GAP = 2
WIDEST = 24
TITLE_AT_LEAST = 16
LIKELY = 0.05
"""Probability of the same product from which on it is worth saying."""


def fitted(console: Console | None = None) -> Console:
    """The console, stdout by default; on a pipe, nothing is cut."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def print_table(answer: Answer, console: Console | None = None) -> None:
    """Print the matches with their payload; a terminal gets as many fields as fit, a pipe gets all of them."""
    console = fitted(console)
    if answer.matches:
        console.print(_table(answer, console.width))
    else:
        console.print(Text(printable(nothing(answer))))
    for match in answer.matches:
        if match.explanation is not None:
            console.print(Text(printable(_why(match))))
    for text in [f"Dropped {text!r}: too few products pass it." for text in answer.relaxed] + list(answer.notes):
        console.print(Text(printable(text), style="yellow"))
    console.print(Text(summary(answer), style="dim"))
    if answer.facets:
        print_facets(answer.facets, console)


def print_facets(facets: Sequence[Facet], console: Console | None = None) -> None:
    """Print the values and ranges of fields with their number of products."""
    console = console or Console(highlight=False)
    for facet in facets:
        console.print(Text(printable(facet.field), style="bold"))
        found: tuple[FacetValue | FacetRange, ...] = (*facet.values, *facet.ranges)
        for one in found:
            console.print(Text(f"{one.count:>8,}  {printable(' AND '.join(one.where))}"))


def print_product(page: ProductPage) -> None:
    """Print a product's fields and photos."""
    console = Console(highlight=False)
    console.print(Text(printable(page.product_id), style="bold"))
    for field in ("category", *shown_fields([page.payload])):
        console.print(Text(f"  {field.replace('_', ' ')}: {written(page.payload, field)}"))
    if page.variants is not None:
        console.print(Text(f"  also as: {also_as(page.variants, len(page.variants.product_ids))}"))
    for photo in page.photos:
        console.print(Text(f"  photo: {printable(photo.name)}"))


def also_as(variants: Variants | None, most: int = NAMED) -> str:
    """The other products of a group, not all of many."""
    return "" if variants is None else printable(variants.named(most))


def _why(match: Match) -> str:
    """One line: the photos that matched and what the score means."""
    why = match.explanation
    assert why is not None  # noqa: S101
    parts = [] if why.cosine is None else [f"{why.asked_photo} ↔ {why.matched_photo}", f"cosine {why.cosine:.3f}"]
    if why.percentile is not None:
        parts.append(f"more alike than {why.percentile:.1%} of the catalog")
    if why.probability is not None:
        parts.append(f"{why.probability:.0%} likely the same category")
    if why.same_product is not None and why.same_product >= LIKELY:
        parts.append(f"{why.same_product:.0%} likely the same product")
    parts += [f"{text} {amount:+.3f}" for text, amount in why.boosts.items()]
    parts += [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in why.parts.items()]
    parts += [f"although not {text}" for text in match.relaxed]
    if match.variants is not None:
        parts.append(f"the best of {match.variants.count} products of group {match.variants.group_id}")
    return f"{match.product_id}: {' · '.join(parts)}"


def summary(answer: Answer) -> str:
    """One line: how many, like what, out of which generation and model, how fast."""
    many = counted(len(answer.matches), "product")
    origin = f"generation {answer.generation} · model {answer.model[:12]}"
    return printable(f"{many} like {in_words(answer.query)} · {origin} · {answer.took_ms:.0f} ms")


def _plain(value: object) -> str:
    """A part of a score as people write it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _table(answer: Answer, width: int) -> Table:
    columns = {
        "#": [str(rank) for rank in range(1, len(answer.matches) + 1)],
        "product": [printable(match.product_id) for match in answer.matches],
        "score": [f"{match.score:.3f}" for match in answer.matches],
        "category": [printable(match.category or "") for match in answer.matches],
    }
    for field in shown_fields(match.payload for match in answer.matches):
        columns[field] = [written(match.payload, field) for match in answer.matches]
    if any(match.variants for match in answer.matches):
        columns["also as"] = [also_as(match.variants) for match in answer.matches]
    columns["photo"] = [printable(match.photo) for match in answer.matches]
    widths = _widths(columns, width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for name, cells in widths.items():
        table.add_column(
            name.replace("_", " "),
            justify="right" if name in ("#", "score", "price") else "left",
            style="cyan" if name == "product" else "",
            no_wrap=True,
            overflow="ellipsis",
            width=cells,
        )
    for row in zip(*(columns[name] for name in widths), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    return table


def _widths(columns: dict[str, list[str]], width: int) -> dict[str, int]:
    """The columns that fit, from the left, and their widths. The first four always stay: they are the answer.

    Texts are cut at `WIDEST`; a title then gets what is left over, because it says most.
    """
    full = {name: max(cell_len(name), *map(cell_len, cells)) for name, cells in columns.items()}
    if sum(full.values()) + GAP * len(full) <= width + GAP:
        return full
    chosen: dict[str, int] = {}
    left = width
    for place, (name, wanted) in enumerate(full.items()):
        needed = wanted if name == "product" else min(wanted, TITLE_AT_LEAST if name == "title" else WIDEST)
        if place < 4 or needed + GAP <= left:
            chosen[name] = needed
            left -= needed + GAP
    if "title" in chosen:
        chosen["title"] = min(full["title"], chosen["title"] + max(0, left))
    return chosen
