"""The commands `searcher mislabels` and `searcher outliers`: what may be wrong with labels and photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.cli.command_line import echo_json
from searcher.cli.options import service_of
from searcher.cli.reports import check_places, keep_report, report_options


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
    from searcher.cli.tables.reports import print_mislabels

    check_places(html, csv)
    service = service_of(given)
    report = service.mislabels(where)
    keep_report(service, report, html, csv)
    echo_json(report.to_json()) if as_json else print_mislabels(report, limit)


@click.command()
@report_options(20)
def outliers(
    where: tuple[str, ...], limit: int, html: Path | None, csv: Path | None, as_json: bool, **given: Any
) -> None:
    """Show photos that stand out, and products whose photos do not belong together.

    Three lists: photos that probably show none of your categories, photos unlike those of any other product, and
    products whose photos are more unlike each other than is usual.

    \b
    Examples:
      searcher outliers
      searcher outliers --where in_stock=true --limit 10 --csv outliers.csv
    """
    from searcher.cli.tables.reports import print_outliers

    check_places(html, csv)
    service = service_of(given)
    report = service.outliers(where)
    keep_report(service, report, html, csv)
    echo_json(report.to_json()) if as_json else print_outliers(report, limit)
