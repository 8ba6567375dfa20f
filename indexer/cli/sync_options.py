"""What `indexer sync` and `indexer watch` are told alike: the model, the part of the catalog, what may be removed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.command_line import PathType, Share, together
from indexer.errors import UsageError

if TYPE_CHECKING:
    from indexer.store.interface import Index

model_options = together(
    click.option(
        "--model",
        type=PathType(),
        help="Model directory [JEWELRY_MODEL; default: the index's own, or the only one in models/].",
    ),
    click.option(
        "--text-model",
        type=PathType(),
        help="Directory of a CLIP or SigLIP as ONNX, to find photos by texts too "
        "[JEWELRY_TEXT_MODEL; default: the index's own, if any].",
    ),
    click.option("--no-text-model", is_flag=True, help="Leave out the text model that the index has."),
)

scope_option = click.option(
    "--scope",
    multiple=True,
    metavar="FILTER",
    help="Only what the catalog describes so, as in brand=Cartier; all else stays in the index as it is. "
    "Repeatable: all must hold.",
)

max_removal_option = click.option(
    "--max-removal",
    type=Share(),
    metavar="SHARE",
    help="Refuse to remove a larger share of the photos, from 20 on: 10% or 0.1 [JEWELRY_MAX_REMOVAL; default: 10%].",
)

allow_private_option = click.option(
    "--allow-private", is_flag=True, help="Fetch photos from addresses of the own network and from any port, too."
)

workers_option = click.option(
    "--workers", type=click.IntRange(1), help="Embedding workers [JEWELRY_WORKERS; default: one per core]."
)


def refuse_both(text_model: Path | None, no_text_model: bool) -> None:
    """Raise ``UsageError`` where a text model is given and renounced."""
    if text_model is not None and no_text_model:
        raise UsageError("give either --text-model or --no-text-model")


def recorded_model(place: Index) -> str | None:
    """The model an existing index was built with, be it damaged or not."""
    record = place.last_record()
    return record.model_path if record else None
