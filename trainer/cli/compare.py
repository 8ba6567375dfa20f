"""`trainer compare`: which of two models is better on a catalog."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from indexer.cli.command_line import CatalogType, PathType, echo_json, json_option
from indexer.errors import EXIT_REJECTS
from trainer.cli.catalogs import private_option, told


@click.command()
@click.argument("a", type=PathType())
@click.argument("b", type=PathType())
@click.argument("catalog", type=CatalogType())
@private_option
@click.option("--seed", default=0, show_default=True, help="Decides the edited copies and the intervals.")
@json_option
def compare(a: Path, b: Path, catalog: Path | str, allow_private: bool, seed: int, as_json: bool) -> None:
    """Ask models A and B the same questions about CATALOG: which is better, or that there is no difference."""
    from rich.console import Console

    from indexer.catalog.reading import read_catalog
    from indexer.cli.progress import Stages
    from indexer.models.directory import load_model
    from indexer.photos.fetch.many.sources import PhotoSources
    from trainer.evaluation.compare import compare_models
    from trainer.evaluation.table import comparison

    models = load_model(a), load_model(b)
    with (
        PhotoSources.for_a_while(allow_private=allow_private) as sources,
        Stages(transient=False, ends_from=0) as stages,
    ):
        stages.stage("Reading the catalog")
        read = told(read_catalog(catalog, sources=sources))
        result = compare_models(*models, read, seed=seed, progress=stages.measuring)
    if as_json:
        echo_json(result)
    else:
        Console().print(comparison(result))
    if result["images"]["rejected"]:
        sys.exit(EXIT_REJECTS)
