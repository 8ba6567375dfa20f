"""Writes a report beside its index: JSON, CSV and page, from one document, so that their counts agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from indexer.store.interface import Index
from searcher.insights.report import Kind, Report
from searcher.pages import page
from searcher.pages.report_store import ReportStore, StoredReport
from searcher.pages.sheets.audit_sheets import mislabels_sheet, outliers_sheet
from searcher.pages.sheets.clusters_sheet import clusters_sheet
from searcher.pages.sheets.duplicates_sheet import duplicates_sheet
from searcher.pages.sheets.picture_sheet import PictureSheet
from searcher.pages.sheets.sheet import Sheet
from searcher.pages.spreadsheet import to_csv

SHEETS: Mapping[Kind, Callable[[Mapping[str, Any], PictureSheet], Sheet]] = {
    "duplicates": duplicates_sheet,
    "mislabels": mislabels_sheet,
    "outliers": outliers_sheet,
    "clusters": clusters_sheet,
}
"""What lays out the page of each kind of report."""


def write_report(index: Index, report: Report, catalog: Path | None = None) -> StoredReport:
    """Keep a report in ``<index.local>/reports/<kind>/``, in place of the last one of its kind.

    Args:
        index: what the report is about; its thumbnails become the pictures.
        report: any of the four reports.
        catalog: where the original photos are now; None takes the place that the report names.

    Returns:
        Where it is: ``stored.path("report.html")`` and so on.

    Raises:
        JewelryError: it cannot be written.
    """
    document, rows = report.to_json(), list(report.rows())
    columns = report.COLUMNS or tuple(dict.fromkeys(name for row in rows for name in row))
    return ReportStore(index.local).write(
        report.KIND, document, to_csv(columns, rows), html_of(index, document, catalog)
    )


def html_of(index: Index, document: Mapping[str, Any], catalog: Path | None = None) -> str:
    """A report as a page; see `write_report`."""
    pictures = PictureSheet(index.local, catalog or Path(document["catalog_root"]))
    sheet = SHEETS[document["kind"]](document, pictures)
    return page.render(sheet, pictures.made())
