"""The `indexer` command: sync a catalog, look at the index, draw a sample catalog."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from indexer.command_line import echo_json, group, json_option
from indexer.errors import EXIT_DONE, EXIT_REJECTS

_DIRECTORY = click.Path(path_type=Path)


@group("Keep the vector index in step with a catalog of product photos.")
def main() -> None:
    """Entry point of the console script."""


@main.command()
@click.argument("catalog", type=_DIRECTORY)
@click.option(
    "--model",
    type=_DIRECTORY,
    help="Model directory [JEWELRY_MODEL; default: the index's own, or the only one in models/].",
)
@click.option("--index", type=_DIRECTORY, help="Index directory [JEWELRY_INDEX; default: index].")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--allow-removal", is_flag=True, help="Permit removing more than half of the index.")
@click.option("--workers", type=click.IntRange(1), help="Embedding workers [JEWELRY_WORKERS; default: one per core].")
@json_option
def sync(
    catalog: Path, model: Path | None, index: Path | None, dry_run: bool, allow_removal: bool,
    workers: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Embed what is new or changed in CATALOG, update the rest, publish.

    CATALOG is a folder <category>/<product>.jpg or <category>/<product>/<photo>.jpg, a folder with a
    catalog.csv, or that file itself. Photos that cannot be used are listed in a rejects file (exit code 3).

    \b
    Examples:
      indexer sync catalog/
      indexer sync catalog/ --dry-run
      indexer sync catalog/ --model models/rings --index /srv/index
    """
    from indexer.console import photo_progress, print_report
    from indexer.settings import IndexerSettings, find_model
    from indexer.sync import sync as run_sync

    settings = IndexerSettings.read()
    place = index or settings.index
    with photo_progress(quiet=as_json) as progress:
        report = run_sync(
            catalog, find_model(model or settings.model, _recorded_model(place)), place,
            dry_run=dry_run, allow_removal=allow_removal, workers=workers or settings.workers, progress=progress,
        )  # fmt: skip
    echo_json(report.to_json()) if as_json else print_report(report)
    sys.exit(EXIT_REJECTS if report.rejects else EXIT_DONE)


@main.command()
@click.option("--index", type=_DIRECTORY, help="Index directory [JEWELRY_INDEX; default: index].")
@json_option
def status(index: Path | None, as_json: bool) -> None:
    """Show the published generation: its size, fields, categories and model."""
    from indexer.console import print_status
    from indexer.settings import IndexerSettings
    from indexer.status import read_status

    report = read_status(index or IndexerSettings.read().index)
    echo_json(report) if as_json else print_status(report)


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


def _recorded_model(index: Path) -> str | None:
    """The model an existing index was built with; a broken index is reported later, by whoever opens it."""
    from indexer.errors import StoreError
    from indexer.status import published_record

    try:
        record = published_record(index)
    except StoreError:
        return None
    return record.model_path if record else None
