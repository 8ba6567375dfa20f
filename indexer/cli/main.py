"""The `indexer` command: sync a catalog, look at the index, go back a generation, draw a sample catalog."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.command_line import (
    CatalogType,
    PathType,
    echo_json,
    group,
    index_of,
    index_options,
    json_option,
)
from indexer.cli.embedding import COMMANDS as EMBED_COMMANDS
from indexer.cli.events import COMMANDS as EVENT_COMMANDS
from indexer.cli.sync_options import (
    allow_private_option,
    max_removal_option,
    model_options,
    recorded_model,
    refuse_both,
    scope_option,
    workers_option,
)
from indexer.cli.transfer import COMMANDS as TRANSFER_COMMANDS
from indexer.cli.watch import COMMANDS as WATCH_COMMANDS
from indexer.errors import EXIT_DONE, EXIT_FAILED, EXIT_REJECTS, StoreError
from indexer.system.text import counted

if TYPE_CHECKING:
    from indexer.store.interface import Index

_DIRECTORY = PathType()


@group("Keep the vector index in step with a catalog of product photos.")
def main() -> None:
    """Entry point of the console script."""


for _command in (*EMBED_COMMANDS, *EVENT_COMMANDS, *WATCH_COMMANDS, *TRANSFER_COMMANDS):
    main.add_command(_command)


@main.command()
@click.argument("catalog", type=CatalogType())
@model_options
@index_options
@scope_option
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@max_removal_option
@click.option(
    "--allow-removal",
    is_flag=True,
    help="Permit removing more, a whole category too, and a manifest that seems to be cut.",
)
@click.option("--check-content", is_flag=True, help="Read every photo, also where size and time are the same.")
@allow_private_option
@workers_option
@json_option
def sync(
    catalog: Path | str,
    model: Path | None,
    text_model: Path | None,
    no_text_model: bool,
    index: Path | None,
    qdrant_url: str | None,
    scope: tuple[str, ...],
    dry_run: bool,
    max_removal: float | None,
    allow_removal: bool,
    check_content: bool,
    allow_private: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Embed what is new or changed in CATALOG, update the rest, publish.

    CATALOG is a folder <category>/<product>.jpg or <category>/<product>/<photo>.jpg, a folder with a
    catalog.csv (.tsv, .jsonl, .xml, .parquet, .gz of each), that file itself, or its URL: a manifest, or the feed
    that a shop's platform exports. Photos may be behind URLs too, and stay as they are in the index while their host
    is down. Photos that cannot be used are listed in a rejects file (exit code 3); what the
    index has of a photo that is there and cannot be read stays. What would remove a whole category, or more than
    --max-removal, is refused with exit code 1: mostly a share is not mounted, or it is the wrong folder.

    \b
    Examples:
      indexer sync catalog/
      indexer sync catalog/ --dry-run --allow-removal
      indexer sync catalog/ --scope brand=Cartier --scope category=rings
      indexer sync catalog/ --model models/rings --index /srv/index
      indexer sync catalog/ --text-model models/clip
      indexer sync catalog/ --qdrant-url http://localhost:6333
      indexer sync https://shop.example/export/products.csv
    """
    from indexer.cli.printing import print_report
    from indexer.cli.progress import Stages
    from indexer.settings import IndexerSettings, find_model
    from indexer.sync.run import sync as run_sync

    refuse_both(text_model, no_text_model)
    settings = IndexerSettings.read(
        index=index,
        qdrant_url=qdrant_url,
        model=model,
        text_model=text_model,
        max_removal=max_removal,
        workers=workers,
    )
    place = settings.open_chosen()
    chosen = settings.model or find_model(None, recorded_model(place), catalog)
    with Stages(show=not as_json) as stages:
        report = run_sync(
            catalog,
            chosen,
            place,
            text_model=False if no_text_model else settings.text_model,
            scope=scope or None,
            dry_run=dry_run,
            max_removal=settings.max_removal,
            allow_removal=allow_removal,
            check_content=check_content,
            allow_private=allow_private,
            photo_cache=int(settings.photo_cache * 1e9),
            workers=settings.workers,
            progress=stages,
        )
    echo_json(report.to_json()) if as_json else print_report(report)
    sys.exit(EXIT_REJECTS if report.rejects else EXIT_DONE)


@main.command()
@index_options
@click.option("--check", is_flag=True, help="Compare every file with what was published; exit code 1 for damage.")
@json_option
def status(index: Path | None, qdrant_url: str | None, check: bool, as_json: bool) -> None:
    """Show the published generation: its size, fields, categories and model, and where it is kept.

    \b
    Examples:
      indexer status
      indexer status --check
    """
    from indexer.cli.printing import print_checked, print_status
    from indexer.store.status import check_status, read_status

    place = index_of(index, qdrant_url)
    checked = check_status(place) if check else None
    report = read_status(place) | ({} if checked is None else {"check": checked})
    if as_json:
        echo_json(report)
    else:
        print_status(report)
        print_checked(checked or [])
    sys.exit(EXIT_FAILED if any(one["damage"] for one in checked or []) else EXIT_DONE)


@main.command()
@index_options
@json_option
def rollback(index: Path | None, qdrant_url: str | None, as_json: bool) -> None:
    """Publish the generation before the published one again.

    The next sync brings the index in step with the catalog again, from there; the generation that was rolled back
    from is then removed. On a server, a sync with the same model changes its generation in place: only a change of
    model leaves one to go back to.
    """
    place = index_of(index, qdrant_url)
    before = _current(place)
    generation = place.rollback()
    if as_json:
        echo_json({"index": place.location, "generation": generation, "before": before})
    else:
        was = f"it was {before}" if before else "what was published could not be read"
        click.echo(f"Published generation {generation} again in {place.location} ({was})")


@main.command()
@index_options
@click.option("--keep", type=click.IntRange(1), default=1, show_default=True, help="How many of the newest to keep.")
@json_option
def prune(index: Path | None, qdrant_url: str | None, keep: int, as_json: bool) -> None:
    """Remove old generations, and pictures of photos that none has; the published generation always stays.

    What a killed command left in the index's folder goes too.
    """
    from indexer.sync.upkeep.sweep import prune as prune_index

    place = index_of(index, qdrant_url)
    removed, pictures = prune_index(place, keep)
    left = place.generations()
    if as_json:
        echo_json({"index": place.location, "removed": removed, "generations": left, "pictures": pictures})
    else:
        gone = [f"generation {', '.join(removed)}"] if removed else []
        gone += [f"{counted(pictures, 'picture')} of photos that left"] if pictures else []
        click.echo(f"Removed {' and '.join(gone) or 'nothing'}; left in {place.location}: {', '.join(left) or 'none'}")


@main.command()
@click.argument("folder", type=_DIRECTORY)
@click.option("--products", type=click.IntRange(1), default=240, show_default=True, help="How many products to draw.")
@click.option("--photos", type=click.IntRange(1), help="Photos per product [default: 2 to 4, by seed].")
@click.option(
    "--size", type=click.IntRange(32, 2048), default=320, show_default=True, help="Side of a photo in pixels."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same bytes.")
@json_option
def sample(folder: Path, products: int, photos: int | None, size: int, seed: int, as_json: bool) -> None:
    """Draw a sample catalog into FOLDER: eight categories, products with variants, a manifest."""
    from indexer.sample_catalog import write_sample

    made = write_sample(folder, products=products, photos=photos, size=size, seed=seed)
    if as_json:
        echo_json({"folder": str(folder), "products": made.products, "images": made.images})
    else:
        click.echo(f"Drew {made.images} photos of {made.products} products into {folder}")


def _current(place: Index) -> str | None:
    """The published generation, or None where that cannot be said: going back is then what repairs it."""
    try:
        return place.current()
    except StoreError:
        return None
