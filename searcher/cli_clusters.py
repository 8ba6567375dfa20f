"""The command `searcher clusters`: products grouped by looks, and the groups written to the index on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import echo_json
from searcher.cli_options import service_of
from searcher.cli_reports import check_places, keep_report, report_options

if TYPE_CHECKING:
    from indexer.sync.annotate.clusters import ClusterUpdate
    from searcher.insights.clusters.answers import ClusterReport

SHOWN_IDS = 6


@click.command()
@report_options(50)
@click.option(
    "--granularity", default=0.3, show_default=True, metavar="G",
    help="0 to 1: few broad clusters, or many of near twins.",
)  # fmt: skip
@click.option(
    "--map", "map_size", default=0, metavar="N",
    help="Place N products on a 2-D map, in the page and the JSON; needs scikit-learn.",
)  # fmt: skip
@click.option("--write", is_flag=True, help="Write the cluster of each product to the index, as the field cluster.")
def clusters(
    where: tuple[str, ...], limit: int, html: Path | None, csv: Path | None, as_json: bool, granularity: float,
    map_size: int, write: bool, **given: Any,
) -> None:  # fmt: skip
    """Show groups of products that look alike, the largest first.

    A cluster is of one category, and its id is the product in its middle. With --write, products can be filtered by
    it (--where cluster=J0004) and counted by it; a sync keeps what was written.

    \b
    Examples:
      searcher clusters
      searcher clusters --where category=rings --granularity 0.6
      searcher clusters --write --csv clusters.csv
    """
    check_places(html, csv)
    service = service_of(given)
    report = service.clusters(where, granularity=granularity, map_size=map_size)
    written = None
    if write:
        from indexer.sync.annotate.clusters import update_clusters

        written = update_clusters(
            service.index, report.assignments(), model=report.model,
            within=frozenset(report.judged_ids) if where else None,
        )  # fmt: skip
    keep_report(service, report, html, csv)
    if as_json:
        echo_json({**report.to_json(), **({} if written is None else {"written": written.to_json()})})
    else:
        _print(report, written, limit)


def _print(report: ClusterReport, written: ClusterUpdate | None, limit: int) -> None:
    from searcher.report_table import print_lines, print_rows

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
    print_lines([
        f"{counts['clusters']} clusters of {counts['clustered']} products, {counts['alone']} products alone · "
        f"generation {report.generation} · {report.took_s:.1f} s"
    ])  # fmt: skip
    if written is not None and written.published:
        print_lines([f"Wrote the cluster of {written.photos_written} photos: generation {written.generation}"])
    elif written is not None:
        print_lines([f"The index holds these clusters already: generation {written.generation}"])


def _ids(ids: tuple[str, ...]) -> str:
    more = len(ids) - SHOWN_IDS
    return " ".join(ids[:SHOWN_IDS]) + (f" and {more} more" if more > 0 else "")
