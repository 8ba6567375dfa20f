"""An answer as a table for a terminal, or as whole lines for a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from searcher.answers import Answer
from searcher.presentation import printable, shown_fields, written

PIPE_WIDTH = 10_000
"""Columns when nobody looks: wide enough that nothing is cut."""

_NARROWEST = {"title": 16}


def print_table(answer: Answer, console: Console | None = None) -> None:
    """Print the matches with their payload; a terminal gets as many fields as fit, a pipe gets all of them."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    if answer.matches:
        console.print(_table(answer, console.width))
    else:
        wanted = " AND ".join(printable(text) for text in answer.query.filters)
        console.print(Text(f"No product passes {wanted}." if wanted else "There is no other product in the index."))
    console.print(Text(summary(answer), style="dim"))


def summary(answer: Answer) -> str:
    """One line: how many, like what, out of which generation and model, how fast."""
    query = answer.query
    asked = query.photos[0].name if query.product_id is None else query.product_id
    many = "1 product" if len(answer.matches) == 1 else f"{len(answer.matches)} products"
    origin = f"generation {answer.generation} · model {answer.model[:12]}"
    return printable(f"{many} like {asked} · {origin} · {answer.took_ms:.0f} ms")


def _table(answer: Answer, width: int) -> Table:
    columns = {
        "#": [str(rank) for rank in range(1, len(answer.matches) + 1)],
        "product": [printable(match.product_id) for match in answer.matches],
        "score": [f"{match.score:.3f}" for match in answer.matches],
        "category": [printable(match.category or "") for match in answer.matches],
    }
    for field in shown_fields(match.payload for match in answer.matches):
        columns[field] = [written(match.payload, field) for match in answer.matches]
    columns["photo"] = [printable(match.photo) for match in answer.matches]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in _fitting(columns, width):
        table.add_column(
            name.replace("_", " "),
            justify="right" if name in {"#", "score", "price"} else "left",
            style="cyan" if name == "product" else "",
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if name == "title" else min(_widest(name, columns[name]), 24),
        )
    for row in zip(*(columns[name] for name in _fitting(columns, width)), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    return table


def _fitting(columns: dict[str, list[str]], width: int) -> list[str]:
    """Columns from the left as long as they fit; the first four always do, because they are the answer."""
    chosen: list[str] = []
    left = width
    for place, (name, cells) in enumerate(columns.items()):
        needed = _NARROWEST.get(name) or min(_widest(name, cells), 24)
        left -= needed + 2
        if place < 4 or left >= -2:
            chosen.append(name)
        else:
            left += needed + 2
    return chosen


def _widest(name: str, cells: list[str]) -> int:
    return max(len(name), *map(len, cells))
