"""The commands `searcher mislabels` and `searcher outliers`: what may be wrong with labels and photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.command_line import echo_json, index_options, json_option
from searcher.cli_options import PATH, service_of

if TYPE_CHECKING:
    from searcher.audits.answers import MislabelReport, OutlierReport

MISLABEL_COLUMNS = ("rank", "product_id", "category", "suggested", "score", "photo", "photos", "neighbours", "reasons")
OUTLIER_COLUMNS = (
    "oddity", "product_id", "category", "score", "cosine", "photo", "photos", "neighbours", "reasons",
)  # fmt: skip
_TITLES = {"no_jewelry": "Probably no jewelry", "far": "Unlike everything else", "disagreeing": "Photos that disagree"}


def report_options(limit: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options of every report about the catalog."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options = (
            click.option("--where", "-w", multiple=True, metavar="FILTER", help="Only products that pass; repeatable."),
            click.option("--limit", default=limit, show_default=True, metavar="N", help="How many to show."),
            click.option("--csv", "csv_file", type=PATH, metavar="FILE", help="Also write them as a CSV file."),
            index_options,
            json_option,
        )
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command()
@report_options(50)
def mislabels(where: tuple[str, ...], limit: int, csv_file: Path | None, as_json: bool, **given: Any) -> None:
    """Show products that are probably in the wrong category, the most doubtful first.

    Each is judged by its nearest products and by a classifier that has not seen it. From a score of 0.5 on, another
    category is likelier than the given one.

    \b
    Examples:
      searcher mislabels
      searcher mislabels --where category=rings --limit 20 --csv mislabels.csv
    """
    from searcher.report_table import check_csv, write_csv

    check_csv(csv_file)
    report = service_of(given).mislabels(where, limit=limit)
    if csv_file is not None:
        write_csv(csv_file, report.rows(), MISLABEL_COLUMNS)
    echo_json(report.to_json()) if as_json else _print_mislabels(report)
    if csv_file is not None:
        click.echo(f"Wrote {csv_file}", err=True)


@click.command()
@report_options(20)
def outliers(where: tuple[str, ...], limit: int, csv_file: Path | None, as_json: bool, **given: Any) -> None:
    """Show photos that stand out, and products whose photos do not belong together.

    Three lists: photos that are probably no jewelry at all, photos unlike those of any other product, and products
    whose photos are more unlike each other than is usual.

    \b
    Examples:
      searcher outliers
      searcher outliers --where in_stock=true --limit 10 --csv outliers.csv
    """
    from searcher.report_table import check_csv, write_csv

    check_csv(csv_file)
    report = service_of(given).outliers(where, limit=limit)
    if csv_file is not None:
        write_csv(csv_file, report.rows(), OUTLIER_COLUMNS)
    echo_json(report.to_json()) if as_json else _print_outliers(report)
    if csv_file is not None:
        click.echo(f"Wrote {csv_file}", err=True)


def _print_mislabels(report: MislabelReport) -> None:
    from searcher.report_table import print_lines, print_rows

    if report.entries:
        print_rows(
            ("#", "product", "score", "category", "looks like", "photo", "why"),
            (
                (str(rank), one.product_id, f"{one.score:.3f}", one.category, one.suggested, one.photo.path,
                 " ".join(one.reasons))
                for rank, one in enumerate(report.entries, 1)
            ),
        )  # fmt: skip
    print_lines(report.notes, style="yellow")
    print_lines([
        f"{report.suspected} of {report.products} products look like another category · "
        f"generation {report.generation} · {report.took_s:.1f} s"
    ])  # fmt: skip


def _print_outliers(report: OutlierReport) -> None:
    from searcher.report_table import print_lines, print_rows

    for oddity, entries in (
        ("no_jewelry", report.no_jewelry), ("far", report.far), ("disagreeing", report.disagreeing),
    ):  # fmt: skip
        many = report.summary()["found"][oddity]
        print_lines([f"{_TITLES[oddity]}: {many}"], style="bold")
        if entries:
            print_rows(
                ("#", "product", "score", "category", "photo", "why"),
                (
                    (str(rank), one.product_id, f"{one.score:.3f}", one.photo.category or "", one.photo.path,
                     " ".join(one.reasons))
                    for rank, one in enumerate(entries, 1)
                ),
            )  # fmt: skip
    print_lines(report.notes, style="yellow")
    print_lines([
        f"{report.photos} photos of {report.products} products · generation {report.generation} · {report.took_s:.1f} s"
    ])  # fmt: skip
