"""The command `indexer embed`: vectors, payload and thumbnails of a catalog as files, apart from any index."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from indexer.cli.command_line import CatalogType, PathType, echo_json, json_option
from indexer.errors import EXIT_DONE, EXIT_REJECTS
from indexer.system.text import counted

if TYPE_CHECKING:
    from indexer.sync.apart.report import EmbedReport

SHOWN = 5


@click.command()
@click.argument("catalog", type=CatalogType())
@click.argument("folder", type=PathType(), metavar="OUT")
@click.option("--model", type=PathType(), help="Model directory [JEWELRY_MODEL; default: the only one in models/].")
@click.option("--text-model", type=PathType(), help="Directory of a CLIP or SigLIP as ONNX [JEWELRY_TEXT_MODEL].")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This machine's cores, or Ray.",
)
@click.option("--ray-address", metavar="ADDRESS", help="A Ray cluster [default: one on this machine, for as long].")
@click.option("--shard-photos", type=click.IntRange(1), default=2000, show_default=True, help="Photos a new shard.")
@click.option("--anew", is_flag=True, help="Begin anew, whatever is in OUT.")
@click.option(
    "--allow-private", is_flag=True, help="Fetch photos from addresses of the own network and from any port, too."
)
@click.option("--workers", type=click.IntRange(1), help="Embedding workers [JEWELRY_WORKERS; default: one per core].")
@json_option
def embed(
    catalog: Path | str,
    folder: Path,
    model: Path | None,
    text_model: Path | None,
    engine: Literal["local", "ray"],
    ray_address: str | None,
    shard_photos: int,
    anew: bool,
    allow_private: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Embed CATALOG into Parquet files in the folder OUT, without an index.

    Run it again after a kill, and it makes the files that are missing; after a change of CATALOG, those that it
    concerns. `indexer import OUT` makes an index of all of them, and `indexer sync` of the same CATALOG goes on from
    there. Photos that cannot be used are listed in a rejects file (exit code 3).

    \b
    Examples:
      indexer embed catalog/ shards/
      indexer embed catalog/ shards/ --engine ray --ray-address auto
      indexer import shards/ --index index
    """
    from indexer.cli.progress import Stages
    from indexer.settings import IndexerSettings, find_model
    from indexer.sync.apart.run import embed as run_embed

    settings = IndexerSettings.read(model=model, text_model=text_model, workers=workers)
    with Stages(show=not as_json) as stages:
        report = run_embed(
            catalog,
            find_model(settings.model, None, catalog),
            folder,
            engine=engine,
            ray_address=ray_address,
            text_model=settings.text_model,
            shard_photos=shard_photos,
            anew=anew,
            allow_private=allow_private,
            photo_cache=int(settings.photo_cache * 1e9),
            workers=settings.workers,
            progress=stages,
        )
    echo_json(report.to_json()) if as_json else _print(report)
    sys.exit(EXIT_REJECTS if report.rejects else EXIT_DONE)


def _print(report: EmbedReport) -> None:
    total = report.seconds["total"]
    there = f", {report.there} were there" if report.there else ""
    stale = f", {report.anew} of them anew, as the catalog has changed" if report.anew else ""
    click.echo(f"{counted(report.products, 'product')}: {counted(report.points, 'photo')}")
    if report.made:
        speed = f"{report.embedded / total:.0f} photos/s"
        click.echo(f"Embedded {report.embedded} in {total:.1f} s ({speed}).")
        click.echo(f"Wrote {report.made} of {counted(report.shards, 'shard')} to {report.folder}{there}{stale}")
    else:
        click.echo(f"Already there: {counted(report.shards, 'shard')} in {report.folder}")
    click.echo(f"Make an index of it with: indexer import {report.folder}")
    for note in report.notes[:SHOWN]:
        click.echo(f"  note: {note}")
    for one in report.rejects[:SHOWN]:
        click.echo(f"  rejected {one.where}: {one.reason}")
    if report.rejects:
        click.echo(f"{len(report.rejects)} rejected; all in {report.rejects_file}")


COMMANDS = (embed,)
