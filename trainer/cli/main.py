"""The trainer's console script: fit a model on your photos, and measure one."""

from __future__ import annotations

from indexer.cli.command_line import group
from trainer.cli.compare import compare
from trainer.cli.evaluate import evaluate
from trainer.cli.fit import fit


@group("Train a model on your own photos, and measure it.")
def main() -> None:
    """The `trainer` console script."""


main.add_command(fit)
main.add_command(evaluate)
main.add_command(compare)
