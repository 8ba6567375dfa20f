"""`trainer fit`: train a model on a catalog."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.command_line import CatalogType, PathType, echo_json, json_option
from indexer.errors import EXIT_REJECTS, MissingExtra
from trainer.choices import MINERS, OBJECTIVES, RECIPES, SAMPLERS, TASKS
from trainer.cli.catalogs import private_option, told
from trainer.network.backbones import BACKBONES
from trainer.settings import CHOSEN, FitSettings, Recipe

if TYPE_CHECKING:
    from trainer.fit.run import Fitted


@click.command()
@click.argument("catalog", type=CatalogType())
@click.option("-o", "--output", required=True, type=PathType(), help="Model directory to write, e.g. models/shop.")
@click.option("--recipe", type=click.Choice(list(RECIPES)), default="two-part", show_default=True)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    default="similarity",
    show_default=True,
    help="What the model is for; classify trains with a softmax over the categories alone.",
)
@click.option(
    "--objective",
    type=click.Choice(list(OBJECTIVES)),
    help="What training minimises.  [default: the recipe's own: two-level, for classic triplet]",
)
@click.option(
    "--miner",
    type=click.Choice(MINERS),
    help="Which pairs or triplets count, of a batch or, offline, of all photos.  [default: the objective's own]",
)
@click.option(
    "--sampler",
    type=click.Choice(SAMPLERS),
    help="Batches of all categories alike, of any photos, or (pk) of products with several photos from one to three "
    "categories, told apart as products.  [default: balanced, offline miners random]",
)
@click.option("--margin", type=float, help="Of an objective that has one.  [default: the objective's own]")
@click.option("--temperature", type=float, help="Of an objective that has one.  [default: the objective's own]")
@click.option(
    "--weights",
    default="imagenet",
    show_default=True,
    metavar="imagenet|none|FILE",
    help="Where the backbone starts: ImageNet (downloaded once), nowhere, or a file.",
)
@click.option("--backbone", type=click.Choice(BACKBONES), default="mobilenet_v2", show_default=True)
@click.option("--size", default=FitSettings.size, show_default=True, help="Side of the network's input in pixels.")
@click.option("--epochs", type=int, help="Passes over the training photos.  [default: the recipe's own]")
@click.option("--seed", default=0, show_default=True, help="Decides split, views and initial weights.")
@click.option(
    "--holdout",
    default=FitSettings.holdout,
    show_default=True,
    help="Share of products held out for the final metrics.",
)
@click.option(
    "--validation",
    default=FitSettings.validation,
    show_default=True,
    help="Share of the remaining products used to tune.",
)
@click.option(
    "--detail",
    type=float,
    default=CHOSEN,
    metavar="0..1",
    help="Share of the very piece, against its category, in likeness.  [default: chosen on validation]",
)
@click.option(
    "--freeze/--no-freeze",
    default=None,
    help="Train only the head, or the whole network.  "
    "[default: the head, but the whole network for classic and without weights]",
)
@click.option(
    "--features",
    type=PathType(),
    help="Folder of what backbones saw of photos, for later fits.  [default: .features beside the model]",
)
@private_option
@json_option
def fit(
    catalog: Path | str,
    output: Path,
    features: Path | None,
    recipe: Recipe,
    weights: str,
    allow_private: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Train on CATALOG and write a model directory with its held-out metrics and a report."""
    given = {name: value for name, value in chosen.items() if value is not None}
    settings = FitSettings.for_run(recipe, weights, **given)
    from indexer.system.machine import keep_freed_memory

    keep_freed_memory()
    try:
        from trainer.fit.run import fit as run
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "torch", "train") from error
    from indexer.catalog.reading import read_catalog
    from indexer.cli.progress import Stages
    from indexer.photos.fetch.many.sources import PhotoSources

    with (
        PhotoSources.for_a_while(allow_private=allow_private) as sources,
        Stages(transient=False, ends_from=1.0) as stages,
    ):
        stages.stage("Reading the catalog")
        fitted = run(told(read_catalog(catalog, sources=sources)), output, settings, stages, features=features)
    if as_json:
        echo_json(_document(fitted))
    else:
        _show(fitted)
    _exit(len(fitted.rejects), output)


def _document(fitted: Fitted) -> dict[str, object]:
    return {
        "model": str(fitted.path),
        "fingerprint": fitted.fingerprint,
        "report": str(fitted.path / "report" / "report.html"),
        "photos": fitted.photos,
        "epochs": fitted.epochs,
        "best_epoch": fitted.best_epoch,
        "interrupted": fitted.interrupted,
        "metrics": fitted.metrics,
        "rejects": [reject.to_json() for reject in fitted.rejects],
        "seconds": fitted.seconds,
    }


def _show(fitted: Fitted) -> None:
    from rich.console import Console

    from trainer.evaluation.table import tables

    console = Console()
    console.print(tables(fitted.metrics))
    before = fitted.metrics["untrained"]["P@1"]
    if fitted.categories and before == before:  # NaN where nothing can be compared
        console.print(f"Before training, P@1 by category was {before:.3f}.", highlight=False)
    console.print(f"{_course(fitted)}; {sum(fitted.seconds.values()):.0f} s in all.", highlight=False)
    took = ", ".join(f"{stage} {seconds:.0f}" for stage, seconds in fitted.seconds.items())
    console.print(f"Seconds: {took}.", style="dim", highlight=False)
    click.echo(f"Model:  {fitted.path}\nReport: {fitted.path / 'report' / 'report.html'}")


def _course(fitted: Fitted) -> str:
    """What was learnt from what, in a sentence without its end."""
    counts = fitted.photos
    if not counts["held_out"]:
        return f"Whitened by {counts['train']:,} photos, measured on the same"
    if not fitted.epochs:
        return f"Whitened by {counts['train']:,} photos, measured on {counts['held_out']:,} held out"
    best = "" if fitted.best_epoch == fitted.epochs else f"; epoch {fitted.best_epoch} of {fitted.epochs} was best"
    return (
        f"Learnt from {counts['train']:,} photos, tuned on {counts['validation']:,}, measured on "
        f"{counts['held_out']:,} held out{best}"
    )


def _exit(rejected: int, output: Path) -> None:
    if rejected:
        from trainer.fit.run import REJECTS_NAME

        click.echo(f"{rejected} photos or rows were rejected; they are listed in {output / REJECTS_NAME}", err=True)
        sys.exit(EXIT_REJECTS)
