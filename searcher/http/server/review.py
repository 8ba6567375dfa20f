"""Runs the review page for one person on this machine: a service on loopback, and a key that ends with it.

Importing this needs no extra, so that a missing one can be said in one line.
"""

from __future__ import annotations

import getpass
import logging
import logging.config
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from indexer.errors import JewelryError
from searcher.http.access.keys import LONGEST_NAME, MemoryKeys
from searcher.http.server.serve import require_extra, uvicorn_options
from searcher.http.server.sockets import bind
from searcher.http.telemetry.json_logs import log_config
from searcher.settings import ServeSettings

if TYPE_CHECKING:
    from searcher.service import SearchService

HOST = "127.0.0.1"


def run_review(
    settings: ServeSettings,
    port: int = 0,
    service: SearchService | None = None,
    say: Callable[[str], None] = click.echo,
) -> None:
    """Serve the review page until Ctrl-C, after saying its address.

    The address carries a key of scope admin behind ``#``, which browsers keep to themselves; nobody else on the
    network can connect, and other users of this machine do not know the key. Opening a browser is left to the
    person: a command line that does it would show the key to everybody who lists processes.

    Args:
        settings: where index, model and catalog are; host, keys and limits are this function's own.
        port: where to listen; 0 takes a free one.
        service: what answers; None opens the index that the settings name.
        say: called with each line for the person, the address first.

    Raises:
        MissingExtra: the extra ``serve`` is not installed.
        JewelryError: the port is taken, or the index cannot be used.
    """
    require_extra()
    import uvicorn

    from searcher.http.app import create_app

    own = {"serve_host": HOST, "serve_port": port, "serve_workers": 1, "keys": None, "open": False, "cors_origins": ()}
    keys = MemoryKeys()
    _, token = keys.add(_person(), "admin", 0)
    own_settings = settings.model_copy(update={**own, "log_level": "warning"})
    app = create_app(own_settings, service, keys)
    logging.config.dictConfig(log_config("warning"))
    with bind(HOST, port) as listener:
        say(f"Review: http://{HOST}:{listener.getsockname()[1]}/review#key={token}")
        say(
            "The address is a key: it works on this machine until you end this with Ctrl-C. Decisions are kept at once."
        )
        server = uvicorn.Server(uvicorn.Config(app, **{**uvicorn_options(own_settings), "log_config": None}))
        server.run(sockets=[listener])
        if not server.started:
            raise JewelryError("the review page did not start; the log above says why")


def _person() -> str:
    """Who is at this machine, as decisions name them."""
    try:
        name = getpass.getuser().strip()[:LONGEST_NAME]
    except (OSError, KeyError, ImportError):  # a user without a name, as in some containers
        name = ""
    return name if name and name.isprintable() else "reviewer"
