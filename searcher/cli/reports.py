"""What the commands of reports share: their options, and where a report is kept and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.command_line import Decorator, index_options, json_option, together
from indexer.errors import UsageError
from searcher.cli.options import PATH

if TYPE_CHECKING:
    from searcher.insights.report import Report
    from searcher.service import SearchService


def report_options(shown: int) -> Decorator:
    """``--where``, ``--limit``, ``--html``, ``--csv``, the index and ``--json``; the command gets them by name."""
    return together(
        click.option("--where", "-w", multiple=True, metavar="FILTER", help="Only what passes; repeat it for AND."),
        click.option("--limit", default=shown, show_default=True, metavar="N", help="How many the table shows."),
        click.option("--html", type=PATH, metavar="FILE", help="Also write the report as a page."),
        click.option("--csv", type=PATH, metavar="FILE", help="Also write the report as a table."),
        index_options,
        json_option,
    )


def check_places(*paths: Path | None) -> None:
    """Refuse places that cannot be written, before the work and not after it; raises ``UsageError``."""
    from searcher.pages.contact_sheet import check_writable

    for path in paths:
        if path is not None:
            check_writable(path)


def keep_report(service: SearchService, report: Report, html: Path | None, csv: Path | None) -> None:
    """Keep the report beside the index, where the HTTP service finds it, and write it where else it is wanted.

    Raises:
        UsageError, JewelryError: it cannot be written.
    """
    from indexer.system.files import replace_text
    from searcher.pages.writing import write_report

    stored = write_report(service.index, report, service.published().catalog_root)
    for wanted, name in ((html, "report.html"), (csv, "report.csv")):
        if wanted is None:
            continue
        try:
            replace_text(wanted.resolve(), stored.path(name).read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{wanted}: cannot be written ({error.strerror or error}); give another place") from error
        click.echo(f"Wrote {wanted}", err=True)
    if html is None and csv is None:
        click.echo(f"The whole report: {stored.path('report.html')}", err=True)
