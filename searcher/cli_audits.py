"""The commands `searcher mislabels` and `searcher outliers`: what may be wrong with labels and photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import echo_json
from searcher.cli_options import service_of
from searcher.cli_reports import check_places, keep_report, report_options

if TYPE_CHECKING:
    from searcher.insights.audits.answers import MislabelReport, OutlierReport

_TITLES = {"no_jewelry": "Probably no jewelry", "far": "Unlike everything else", "disagreeing": "Photos that disagree"}


@click.command()
@report_options(20)
def mislabels(
    where: tuple[str, ...], limit: int, html: Path | None, csv: Path | None, as_json: bool, **given: Any
) -> None:
    """Show products that are probably in the wrong category, the most doubtful first.

    Each is judged by its nearest products and by a classifier that has not seen it. From a score of 0.5 on, another
    category is likelier than the given one.

    \b
    Examples:
      searcher mislabels
      searcher mislabels --where category=rings --limit 20 --csv mislabels.csv
    """
    check_places(html, csv)
    service = service_of(given)
    report = service.mislabels(where)
    keep_report(service, report, html, csv)
    echo_json(report.to_json()) if as_json else _print_mislabels(report, limit)


@click.command()
@report_options(20)
def outliers(
    where: tuple[str, ...], limit: int, html: Path | None, csv: Path | None, as_json: bool, **given: Any
) -> None:
    """Show photos that stand out, and products whose photos do not belong together.

    Three lists: photos that are probably no jewelry at all, photos unlike those of any other product, and products
    whose photos are more unlike each other than is usual.

    \b
    Examples:
      searcher outliers
      searcher outliers --where in_stock=true --limit 10 --csv outliers.csv
    """
    check_places(html, csv)
    service = service_of(given)
    report = service.outliers(where)
    keep_report(service, report, html, csv)
    echo_json(report.to_json()) if as_json else _print_outliers(report, limit)


def _print_mislabels(report: MislabelReport, limit: int) -> None:
    from searcher.report_table import print_lines, print_rows

    if report.entries:
        print_rows(
            ("#", "product", "score", "category", "looks like", "photo", "why"),
            (
                (str(rank), one.product_id, f"{one.score:.3f}", one.category, one.suggested, one.photo.path,
                 " ".join(one.reasons))
                for rank, one in enumerate(report.entries[:limit], 1)
            ),
        )  # fmt: skip
    print_lines(report.notes, style="yellow")
    print_lines([
        f"{report.suspected} of {report.products} products look like another category · "
        f"generation {report.generation} · {report.took_s:.1f} s"
    ])  # fmt: skip


def _print_outliers(report: OutlierReport, limit: int) -> None:
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
                    for rank, one in enumerate(entries[:limit], 1)
                ),
            )  # fmt: skip
    print_lines(report.notes, style="yellow")
    print_lines([
        f"{report.photos} photos of {report.products} products · generation {report.generation} · {report.took_s:.1f} s"
    ])  # fmt: skip
