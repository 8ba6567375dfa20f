"""`trainer describe`: what a model directory holds."""

from __future__ import annotations

from pathlib import Path

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


def _print(described: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from trainer.report.describe import figure_lines, lines

    out = Console(highlight=False, soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for name, value in lines(described):
        table.add_row(name, Text(value))
    out.print(table)
    for line in figure_lines(described):
        out.print(line, markup=False)

