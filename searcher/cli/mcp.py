"""The command `searcher mcp`: the questions as tools for a language model, over stdio."""

from __future__ import annotations

import os
import signal
from typing import Any

import click

from indexer.cli.command_line import EXIT_INTERRUPTED, index_options
from searcher.cli.options import photo_options, service_of


@click.command()
@index_options
@photo_options
def mcp(**given: Any) -> None:
    """Answer a language model's questions as an MCP server, over stdin and stdout.

    The program that uses the model starts this command by itself; docs/http.md shows its configuration. The tools
    only read.

    \b
    Example:
      searcher mcp --index /srv/shop/index
    """
    from searcher.mcp.server import require_extra, serve_stdio

    require_extra()
    before = signal.signal(signal.SIGINT, _stop)
    try:
        serve_stdio(service_of(given, for_others=True))
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(*_: object) -> None:
    """End at once on Ctrl-C: Python would wait for the thread that waits for the next line of stdin."""
    os.write(2, b"Stopped.\n")
    os._exit(EXIT_INTERRUPTED)
