"""The command `indexer events`: what visitors looked at together goes into the index."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.command_line import PathType, Share, echo_json, index_options, json_option
from indexer.errors import EXIT_DONE, EXIT_REJECTS

if TYPE_CHECKING:
    from indexer.sync.annotate.co_views import EventsReport

SHOWN_REJECTS = 5


@click.command()
@click.argument("file", type=PathType())
@index_options
@click.option(
    "--min-count",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Leave out pairs of products that fewer sessions looked at.",
)
@click.option(
    "--max-rejected",
    type=Share(),
    metavar="SHARE",
    help="Refuse a FILE of which a larger share of the lines cannot be used: 50% or 0.5 "
    "[JEWELRY_MAX_REJECTED; default: 50%].",
)
@json_option
def events(
    file: Path,
    index: Path | None,
    qdrant_url: str | None,
    min_count: int,
    max_rejected: float | None,
    as_json: bool,
) -> None:
    """Count which products visitors looked at together, and publish that with the index.

    FILE has one view a line: {"session": "s1", "product": "R100", "time": "2026-01-31T18:00:00Z"}; the time may be unix
    seconds. What an earlier FILE said is replaced; a sync keeps it. Lines that cannot be used are listed in a rejects
    file (exit code 3). Where they are more than --max-rejected, or FILE has no two products that were looked at
    together, it is refused (exit code 1), and what was there stays.

    \b
    Examples:
      indexer events events.jsonl
      indexer events last-90-days.jsonl --min-count 2 --index /srv/index
    """
    from indexer.cli.progress import Stages
    from indexer.settings import IndexerSettings
    from indexer.sync.annotate.co_views import update_co_views

    settings = IndexerSettings.read(index=index, qdrant_url=qdrant_url, max_rejected=max_rejected)
    place, most = settings.open_chosen(), settings.max_rejected
    with Stages(show=not as_json) as stages:
        report = update_co_views(file, place, min_count=min_count, max_rejected=most, progress=stages)
    echo_json(report.to_json()) if as_json else _print(report)
    sys.exit(EXIT_REJECTS if report.rejected_lines else EXIT_DONE)


def _print(report: EventsReport) -> None:
    click.echo(
        f"{report.events} events in {report.sessions} sessions: {report.products} of {report.products_in_index} "
        "products were looked at together with others"
    )
    if report.capped_sessions:
        click.echo(f"{report.capped_sessions} sessions were very long; their latest products were counted")
    if report.unknown_events:
        click.echo(f"{report.unknown_events} events are of {report.unknown_products} products the index does not have")
    if report.published:
        click.echo(f"Wrote the payload of {report.photos_written} photos")
        click.echo(f"Published generation {report.generation} in {report.index}")
    else:
        click.echo(f"Already up to date: generation {report.generation} in {report.index}")
    for reject in report.rejects[:SHOWN_REJECTS]:
        click.echo(f"  rejected {reject.where}: {reject.reason}")
    if report.rejected_lines:
        click.echo(f"{report.rejected_lines} lines rejected; the list is in {report.rejects_file}")


COMMANDS = (events,)
