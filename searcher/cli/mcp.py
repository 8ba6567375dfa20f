"""The command `searcher mcp`: the questions as tools for a language model, over stdio."""

from __future__ import annotations

import os
import signal
from typing import Any

import click

from indexer.cli.command_line import EXIT_INTERRUPTED, index_options
from searcher.cli.options import photo_options, service_of


@click.command()
@click.option(
    "--most-characters",
    type=click.IntRange(2_000),
    metavar="N",
    help="Characters of an answer at most, pictures aside [JEWELRY_MOST_CHARACTERS; default: 20000].",
)
@index_options
@photo_options
def mcp(most_characters: int | None, **given: Any) -> None:
    """Answer a language model's questions as an MCP server, over stdin and stdout.

    The program that uses the model starts this command by itself; docs/http.md shows its configuration. The tools
    only read.

    \b
    Example:
      searcher mcp --index /srv/shop/index
    """
    from searcher.mcp.server import require_extra, serve_stdio
    from searcher.settings import ToolSettings

    require_extra()
    settings = ToolSettings.read(most_characters=most_characters)
    before = signal.signal(signal.SIGINT, _stop)
    try:
        serve_stdio(service_of(given, for_others=True), settings.most_characters)
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(*_: object) -> None:
    """End at once on Ctrl-C: Python would wait for the thread that waits for the next line of stdin."""
    os.write(2, b"Stopped.\n")
    os._exit(EXIT_INTERRUPTED)
