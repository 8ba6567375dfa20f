"""`trainer describe`: what a model directory holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.cli.command_line import PathType, echo_json, json_option


@click.command()
@click.argument("model", type=PathType())
@json_option
def describe(model: Path, as_json: bool) -> None:
    """Say what MODEL was trained on, how good it is, and what it may be trusted with.

    Nothing is measured: these are the figures that its fit left in it.

    \b
    Examples:
      trainer describe models/shop
      trainer describe models/shop --json
    """
    from indexer.models.directory import load_model
    from trainer.report.describe import describe as described_by

    described = described_by(load_model(model))
    if as_json:
        echo_json(described)
    else:
        _print(described)


def _print(described: dict[str, Any]) -> None:
    from trainer.report.describe import figure_lines, lines

    told = lines(described)
    width = max(len(name) for name, _ in told)
    for name, value in told:
        click.echo(f"{name:<{width}}  {value}")
    for line in figure_lines(described):
        click.echo(line)
