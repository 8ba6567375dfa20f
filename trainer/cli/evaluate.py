"""`trainer evaluate`: measure a model on a catalog."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from indexer.cli.command_line import CatalogType, PathType, echo_json, json_option
from indexer.errors import EXIT_REJECTS
from trainer.cli.catalogs import private_option, told


@click.command()
@click.argument("model", type=PathType())
@click.argument("catalog", type=CatalogType())
@private_option
@click.option("--seed", default=0, show_default=True, help="Decides the edited copies and the intervals.")
@click.option(
    "--duplicates",
    type=PathType(),
    metavar="FILE",
    help="What `searcher duplicates --json` printed: near-duplicates of photos that trained the model count as seen.",
)
@json_option
def evaluate(
    model: Path, catalog: Path | str, allow_private: bool, seed: int, duplicates: Path | None, as_json: bool
) -> None:
    """Measure MODEL on the photos of CATALOG: by category, product and edited copy, and what it saw in training."""
    from rich.console import Console

    from indexer.catalog.reading import read_catalog
    from indexer.cli.progress import Stages
    from indexer.models.directory import load_model
    from indexer.photos.fetch.many.sources import PhotoSources
    from trainer.evaluation.evaluate import evaluate_model
    from trainer.evaluation.table import tables

    loaded = load_model(model)
    with (
        PhotoSources.for_a_while(allow_private=allow_private) as sources,
        Stages(transient=False, ends_from=0) as stages,
    ):
        stages.stage("Reading the catalog")
        read = told(read_catalog(catalog, sources=sources))
        metrics = evaluate_model(loaded, read, duplicates=duplicates, seed=seed, progress=stages.measuring)
    if as_json:
        echo_json(metrics)
    else:
        Console().print(tables(metrics))
    if metrics["seen"] is None:
        click.echo(
            "note: the model does not say which photos trained it; if some of these did, the figures flatter", err=True
        )
    if metrics["images"]["rejected"]:
        sys.exit(EXIT_REJECTS)
