"""The command `searcher clusters`: products grouped by looks, and the groups written to the index on request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.cli.command_line import echo_json
from searcher.cli.options import service_of
from searcher.cli.reports import check_places, keep_report, report_options


@click.command()
@report_options(50)
@click.option(
    "--granularity",
    default=0.3,
    show_default=True,
    metavar="G",
    help="0 to 1: few broad clusters, or many of near twins.",
)
@click.option(
    "--map",
    "map_size",
    default=0,
    metavar="N",
    help="Place N products on a 2-D map, in the page and the JSON; needs scikit-learn.",
)
@click.option("--write", is_flag=True, help="Write the cluster of each product to the index, as the field cluster.")
def clusters(
    where: tuple[str, ...],
    limit: int,
    html: Path | None,
    csv: Path | None,
    as_json: bool,
    granularity: float,
    map_size: int,
    write: bool,
    **given: Any,
) -> None:
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
            service.index,
            report.assignments(),
            model=report.model,
            within=frozenset(report.judged_ids) if where else None,
        )
    keep_report(service, report, html, csv)
    if as_json:
        echo_json({**report.to_json(), **({} if written is None else {"written": written.to_json()})})
    else:
        from searcher.cli.tables.reports import print_clusters

        print_clusters(report, written, limit)
