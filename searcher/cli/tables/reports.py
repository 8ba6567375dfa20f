"""Reports about the catalog as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from indexer.sync.annotate.clusters import ClusterUpdate
from indexer.system.text import printable
from searcher.cli.tables.answers import GAP, fitted
from searcher.insights.audits.answers import MislabelReport, OutlierReport
from searcher.insights.clusters.answers import ClusterReport

SHOWN_IDS = 6
"""Product ids in the row of a cluster."""

_TITLES = {
    "no_jewelry": "Probably none of your categories",
    "far": "Unlike everything else",
    "disagreeing": "Photos that disagree",
}

RIGHT = ("#", "score", "size", "alike", "products", "photos")


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; the last column is wrapped on a terminal, and a pipe gets whole lines."""
    console = fitted()
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in RIGHT else "left",
            style="cyan" if name == "product" else "",
            no_wrap=name != columns[-1],
            overflow="fold" if name == columns[-1] else "ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)


def print_lines(lines: Iterable[str], *, style: str = "dim") -> None:
    """Print sentences below a table."""
    console = fitted()
    for line in lines:
        console.print(Text(printable(line), style=style))


def print_mislabels(report: MislabelReport, limit: int) -> None:
    """Print the products whose category is doubtful, the most doubtful first."""
    if report.entries:
        print_rows(
            ("#", "product", "score", "category", "looks like", "photo", "why"),
            (
                (
                    str(rank),
                    one.product_id,
                    f"{one.score:.3f}",
                    one.category,
                    one.suggested,
                    one.photo.path,
                    " ".join(one.reasons),
                )
                for rank, one in enumerate(report.entries[:limit], 1)
            ),
        )
    print_lines(report.notes, style="yellow")
    print_lines(
        [
            f"{report.suspected} of {report.products} products look like another category · "
            f"generation {report.generation} · {report.took_s:.1f} s"
        ]
    )


def print_outliers(report: OutlierReport, limit: int) -> None:
    """Print the photos that stand out, by what is odd about them."""
    for oddity, entries in (
        ("no_jewelry", report.no_jewelry),
        ("far", report.far),
        ("disagreeing", report.disagreeing),
    ):
        many = report.summary()["found"][oddity]
        print_lines([f"{_TITLES[oddity]}: {many}"], style="bold")
        if entries:
            print_rows(
                ("#", "product", "score", "category", "photo", "why"),
                (
                    (
                        str(rank),
                        one.product_id,
                        f"{one.score:.3f}",
                        one.photo.category or "",
                        one.photo.path,
                        " ".join(one.reasons),
                    )
                    for rank, one in enumerate(entries[:limit], 1)
                ),
            )
    print_lines(report.notes, style="yellow")
    counted = f"{report.photos} photos of {report.products} products"
    print_lines([f"{counted} · generation {report.generation} · {report.took_s:.1f} s"])


def print_clusters(report: ClusterReport, written: ClusterUpdate | None, limit: int) -> None:
    """Print the largest clusters, and what was written of them."""
    if report.clusters:
        print_rows(
            ("#", "cluster", "size", "alike", "name", "products"),
            (
                (str(rank), one.id, str(one.size), f"{one.cohesion:.3f}", one.name, _ids(one.product_ids))
                for rank, one in enumerate(report.clusters[:limit], 1)
            ),
        )
    print_lines(report.notes, style="yellow")
    counts = report.summary()
    print_lines(
        [
            f"{counts['clusters']} clusters of {counts['clustered']} products, {counts['alone']} products alone · "
            f"generation {report.generation} · {report.took_s:.1f} s"
        ]
    )
    if written is not None and written.published:
        print_lines([f"Wrote the cluster of {written.photos_written} photos: generation {written.generation}"])
    elif written is not None:
        print_lines([f"The index holds these clusters already: generation {written.generation}"])


def _ids(ids: tuple[str, ...]) -> str:
    more = len(ids) - SHOWN_IDS
    return " ".join(ids[:SHOWN_IDS]) + (f" and {more} more" if more > 0 else "")
