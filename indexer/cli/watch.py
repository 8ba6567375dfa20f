"""The command `indexer watch`: syncs whenever the catalog changes, a line each, until it is told to end."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import CatalogType, echo_json, index_options
from indexer.cli.sync_options import (
    allow_private_option,
    max_removal_option,
    model_options,
    recorded_model,
    refuse_both,
    scope_option,
    workers_option,
)
from indexer.errors import EXIT_DONE

if TYPE_CHECKING:
    from indexer.store.interface import Index
    from indexer.sync.report import SyncReport
    from indexer.sync.watch.told import Watched
    from indexer.system.progress import Progress

_SECONDS = click.FloatRange(min=0, min_open=True, max=86_400)


@click.command()
@click.argument("catalog", type=CatalogType())
@model_options
@index_options
@scope_option
@max_removal_option
@click.option(
    "--debounce",
    type=_SECONDS,
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Begin when nothing has changed for so long.",
)
@click.option(
    "--interval",
    type=_SECONDS,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Look so often where the system does not tell of changes: on a network drive, behind a URL.",
)
@click.option(
    "--every",
    type=_SECONDS,
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Sync so often although nothing has changed: sales begin by their date.",
)
@click.option("--poll", is_flag=True, help="Look every --interval in any case; needs no watchfiles.")
@allow_private_option
@workers_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def watch(
    catalog: Path | str,
    model: Path | None,
    text_model: Path | None,
    no_text_model: bool,
    index: Path | None,
    qdrant_url: str | None,
    scope: tuple[str, ...],
    max_removal: float | None,
    debounce: float,
    interval: float,
    every: float,
    poll: bool,
    allow_private: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Sync CATALOG, a folder, a manifest or its URL, now, and whenever it changes; a line for each sync.

    What fails is said and tried again: a feed that is half written, a share or a server that is away. A sync that would
    remove too much is refused, as `indexer sync` does it, until something changes; another writer is waited for. It
    ends with Ctrl-C or SIGTERM, exit code 0, at the next point where the running sync can; the next start goes on.

    \b
    Examples:
      indexer watch catalog/
      indexer watch /mnt/share/catalog --poll --interval 300
      indexer watch catalog/ --scope brand=Cartier --json
      indexer watch https://shop.example/export/products.csv --interval 600
    """
    from indexer.settings import IndexerSettings, find_model
    from indexer.sync.run import sync as run_sync
    from indexer.sync.watch.watching import ground_of, repeat

    refuse_both(text_model, no_text_model)
    settings = IndexerSettings.read(
        index=index,
        qdrant_url=qdrant_url,
        model=model,
        text_model=text_model,
        max_removal=max_removal,
        workers=workers,
    )
    opened: list[Index] = []

    def once(progress: Progress) -> SyncReport:
        if not opened:  # a server that is away at first is waited for like one that goes away
            opened.append(settings.open_chosen())
        return run_sync(
            catalog,
            settings.model or find_model(None, recorded_model(opened[0]), catalog),
            opened[0],
            text_model=False if no_text_model else settings.text_model,
            scope=scope or None,
            max_removal=settings.max_removal,
            allow_private=allow_private,
            photo_cache=int(settings.photo_cache * 1e9),
            workers=settings.workers,
            progress=progress,
        )

    stop = threading.Event()
    ground = ground_of(catalog, settings.state if settings.qdrant_url else settings.index, allow_private)
    happening = repeat(once, ground, debounce=debounce, interval=interval, every=every, poll=poll, stop=stop)
    _end_with_signals(stop)
    for one in happening:
        echo_json(one.to_json(), indent=None) if as_json else _print(one, catalog)
    sys.exit(EXIT_DONE)


def _end_with_signals(stop: threading.Event) -> None:
    """A signal ends the watch where the running sync can; Ctrl-C, given a second time, does at once."""

    def end(number: int, _: Any) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _print(one: Watched, catalog: Path | str) -> None:
    from indexer.cli.printing import watched_text

    text, is_well = watched_text(one, catalog)
    click.echo(f"{one.time} {text}", err=not is_well)


COMMANDS = (watch,)
